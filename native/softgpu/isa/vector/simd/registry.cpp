#include "isa/vector/simd/registry.h"

#include "isa/vector/simd/executor.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

#define SOFTGPU_STRING_(x) #x
#define SOFTGPU_STRING(x) SOFTGPU_STRING_(x)

OperationList integer32Operations();
OperationList bitOperations();
OperationList float32Operations();
OperationList float64Operations();
OperationList conversionOperations();
OperationList integerCompares();
OperationList floatCompares();
OperationList transcendentalOperations();
OperationList divisionOperations();
OperationList float16Operations();
OperationList integer16Operations();
OperationList pixelOperations();
const vector::Special* specialOperations(size_t& count);
const vector::Special* matrixOperations(size_t& count);

namespace {

constexpr size_t kOpcodes = static_cast<size_t>(Opcode::count);

struct Registry {
  const Operation* operations[kOpcodes] = {};
  Handler specials[kOpcodes] = {};
  Registry() {
    for (const OperationList list :
         {integer32Operations(), bitOperations(), float32Operations(), float64Operations(), conversionOperations(),
          integerCompares(), floatCompares(), transcendentalOperations(), divisionOperations(), float16Operations(),
          integer16Operations(), pixelOperations()}) {
      for (size_t i = 0; i < list.count; ++i) operations[static_cast<size_t>(list.rows[i].opcode)] = &list.rows[i];
    }
    for (const auto list : {&specialOperations, &matrixOperations}) {
      size_t count;
      const vector::Special* rows = list(count);
      for (size_t i = 0; i < count; ++i) specials[static_cast<size_t>(rows[i].opcode)] = rows[i].handler;
    }
  }
};

const Registry& registry() {
  static const Registry instance;
  return instance;
}

}  // namespace

const Operation* find(Opcode opcode) {
  return registry().operations[static_cast<size_t>(opcode)];
}
Handler special(Opcode opcode) {
  return registry().specials[static_cast<size_t>(opcode)];
}

const vector::Level& level() {
  static constexpr vector::Level instance{SOFTGPU_STRING(SOFTGPU_SIMD_LEVEL), &find, &special, &general};
  return instance;
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
