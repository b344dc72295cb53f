// One operation, four encodings: VOP1, VOP2 and VOPC as words, against the same operation as VOP3, as SDWA that selects
// whole registers and as DPP that permutes nothing. What VOP3 computes is compared with formulas elsewhere. And random
// operands, modifiers and modes for every operation: each level of the host's vector instructions gives the same bits.
#include <cstdlib>
#include <map>

#include "table_rows.h"
#include "vector_harness.h"

using namespace softgpu;
using namespace softgpu::vectortest;
using softgpu::test::kRows;
using softgpu::test::Row;

namespace {

constexpr uint32_t kSource0 = 10, kSource1 = 20, kResult = 40, kVcc = operand::kVccLo;

uint32_t shortWord(const Row& row, uint32_t src0) {
  switch (row.encoding) {
    case Encoding::VOP1:
      return 0x7e000000 | kResult << 17 | uint32_t{row.number} << 9 | src0;
    case Encoding::VOP2:
      return uint32_t{row.number} << 25 | kResult << 17 | kSource1 << 9 | src0;
    default:
      return 0x7c000000 | uint32_t{row.number} << 17 | kSource1 << 9 | src0;
  }
}

// Everything that an instruction may change.
struct State {
  std::vector<uint32_t> registers, accumulators, scalars;
  uint64_t exec;
  bool scc;
  bool operator==(const State&) const = default;
};

struct Setup {
  Target target;
  uint64_t exec;
  uint32_t mode = kDefaultMode, seed = 29;
};

constexpr unsigned kRowsOfKernel = 64;
constexpr unsigned kRowsUsed = kRowsOfKernel + 32;  // with the tail of the widest operand

// Small floats and halves as well as any bits.
const std::vector<uint32_t>& registerContents(uint32_t seed) {
  static std::map<uint32_t, std::vector<uint32_t>> all;
  std::vector<uint32_t>& contents = all[seed];
  std::mt19937 random(seed);
  while (contents.size() < kRowsUsed * kLanes) {
    const uint32_t any = static_cast<uint32_t>(random()), kind = contents.size() % 3;
    contents.push_back(kind == 0 ? any : kind == 1 ? 0x3f000000 + (any & 0x80ffffff) : 0x40003c00 | (any & 0x83ff83ff));
  }
  return contents;
}

// None where the words are no instruction of the target, or one without an implementation.
std::optional<State> after(const std::vector<uint32_t>& words, const Setup& setup, const vector::Level& level,
                           TestWave& t) {
  Instruction in;
  if (!decode(words.data(), static_cast<uint32_t>(words.size()), setup.target, in) || in.words != words.size())
    return {};
  MicroOp op[16];
  t.wave->target = setup.target;
  t.wave->mode = setup.mode;
  t.wave->vgprCount = kRowsOfKernel;
  const Handler handler = vector::lower(level, in, setup.target, op[0]);
  if (!handler) return {};
  op[0].opcode = in.opcode;
  op[0].words = in.words;
  const std::vector<uint32_t>& contents = registerContents(setup.seed);
  std::memcpy(t.wave->vgpr, contents.data(), kRowsUsed * kLanes * 4);
  std::memcpy(t.wave->accVgpr, contents.data() + kLanes, (kRowsUsed - 1) * kLanes * 4);
  for (unsigned i = 0; i < 128; ++i) t.wave->sgpr[i] = i % 2 ? 0x3f800000 + i : contents[i];
  t.wave->sgpr[operand::kM0] = 1;
  t.wave->setVcc(0x123456789abcdef0);
  t.wave->setExec(setup.exec);
  t.wave->scc = true;
  handler(*t.wave, op);
  return State{{t.wave->vgpr, t.wave->vgpr + kRowsUsed * kLanes},
               {t.wave->accVgpr, t.wave->accVgpr + kRowsUsed * kLanes},
               {t.wave->sgpr, t.wave->sgpr + 128},
               t.wave->exec(),
               t.wave->scc};
}

// Fields as encodings have them, most of them harmless.
class Fields {
 public:
  explicit Fields(uint32_t seed) : random_(seed) {}
  uint32_t bits(unsigned width) { return static_cast<uint32_t>(random_() >> (32 - width)); }
  uint32_t rare(unsigned width) { return bits(2) ? 0 : bits(width); }
  uint32_t vgpr() { return bits(6) & 62; }
  uint32_t source() {
    switch (bits(3)) {
      case 0:
        return bits(6);  // SGPR
      case 1:
        return 128 + bits(6);
      case 2:
        return 240 + bits(3);
      default:
        return 256 + vgpr();
    }
  }
  uint32_t mode() {  // rounding, denormals; IEEE, DX10_CLAMP and FP16_OVFL
    return bits(1) ? kDefaultMode
                   : bits(8) | (kDefaultMode & 0x100) * bits(1) | (kDefaultMode & 0x200) * bits(1) | bits(1) << 23;
  }

 private:
  std::mt19937 random_;
};

std::vector<uint32_t> randomWords(const Row& row, Fields& f) {
  const uint32_t n = row.number;
  switch (row.encoding) {
    case Encoding::VOP3:
      return {0xd0000000 | n << 16 | f.rare(1) << 15 | f.rare(4) << 11 | f.rare(3) << 8 | f.vgpr(),
              f.rare(3) << 29 | f.rare(2) << 27 | f.source() << 18 | f.source() << 9 | f.source()};
    case Encoding::VOP3P:
      return {0xd3800000 | n << 16 | f.rare(1) << 15 | f.bits(1) << 14 | f.rare(3) << 11 | f.rare(3) << 8 | f.vgpr(),
              f.rare(3) << 29 | f.bits(2) << 27 | f.source() << 18 | f.source() << 9 | f.source()};
    default: {
      const uint32_t form = f.bits(2), src0 = form == 0 ? 249 : form == 1 ? 250 : f.source();
      const uint32_t word = row.encoding == Encoding::VOP1   ? 0x7e000000 | f.vgpr() << 17 | n << 9 | src0
                            : row.encoding == Encoding::VOP2 ? n << 25 | f.vgpr() << 17 | f.vgpr() << 9 | src0
                                                             : 0x7c000000 | n << 17 | f.vgpr() << 9 | src0;
      const auto selector = [&] { return f.bits(3) % 7; };
      if (form == 0) {
        return {word, f.vgpr() | selector() << 8 | f.bits(2) % 3 << 11 | f.rare(1) << 13 | selector() << 16 |
                          f.rare(3) << 19 | selector() << 24 | f.rare(3) << 27};
      }
      if (form == 1) {
        const uint32_t controls[] = {f.bits(8),
                                     0x101 + f.bits(3),
                                     0x111 + f.bits(3),
                                     0x121 + f.bits(3),
                                     0x130,
                                     0x134,
                                     0x138,
                                     0x13c,
                                     0x140,
                                     0x141,
                                     0x142,
                                     0x143};
        return {word, f.vgpr() | controls[f.bits(4) % 12] << 8 | f.bits(1) << 19 | f.rare(4) << 20 | f.bits(8) << 24};
      }
      const bool literal = src0 == 255 || std::string(opcodeName(row.opcode)).starts_with("v_mad");
      return literal ? std::vector<uint32_t>{word, 0x3fc00000 + f.bits(20)} : std::vector<uint32_t>{word};
    }
  }
}

}  // namespace

TEST_CASE("vector encodings: short, VOP3, SDWA and DPP forms of an operation compute the same") {
  unsigned compared[3] = {};
  TestWave wave;
  const auto run = [&](const std::vector<uint32_t>& words, Target target, uint64_t exec) {
    return after(words, {target, exec}, *levels()[0], wave);
  };
  for (const Target target : {Target::gfx803, Target::gfx900, Target::gfx906, Target::gfx90a}) {
    std::map<Opcode, uint16_t> longNumber;
    for (const Row& row : kRows) {
      if (row.encoding == Encoding::VOP3 && row.targets & maskOf(target)) longNumber[row.opcode] = row.number;
    }
    for (const Row& row : kRows) {
      if (!(row.targets & maskOf(target))) continue;
      if (row.encoding != Encoding::VOP1 && row.encoding != Encoding::VOP2 && row.encoding != Encoding::VOPC) continue;
      const std::string name = opcodeName(row.opcode);
      // Literals and scalar results have no other forms.
      if (name.starts_with("v_madmk") || name.starts_with("v_madak") || name == "v_readfirstlane_b32") continue;
      for (const uint64_t exec : {~uint64_t{0}, uint64_t{0x00ff0ff0f0f0aaaa}}) {
        const auto want = run({shortWord(row, 256 + kSource0)}, target, exec);
        if (!want) continue;
        INFO(name << " on " << targetName(target));
        if (const auto found = longNumber.find(row.opcode); found != longNumber.end()) {
          const bool compare = row.encoding == Encoding::VOPC;
          const bool carries = name.starts_with("v_addc") || name.starts_with("v_subb") || name == "v_cndmask_b32";
          const bool carryOut = name.find("_co_") != std::string::npos;
          const uint32_t first =
              0xd0000000 | uint32_t{found->second} << 16 | (carryOut ? kVcc << 8 : 0) | (compare ? kVcc : kResult);
          const uint32_t second = (256 + kSource0) | (row.encoding == Encoding::VOP1 ? 0 : (256 + kSource1) << 9) |
                                  (carries ? kVcc << 18 : 0);
          const auto got = run({first, second}, target, exec);
          CHECK(got.has_value());
          CHECK(got == want);
          ++compared[0];
        }
        const uint32_t sdwaResult = row.encoding == Encoding::VOPC ? 0 : 6 << 8;
        if (const auto got = run({shortWord(row, 249), kSource0 | sdwaResult | 6 << 16 | 6 << 24}, target, exec)) {
          CHECK_MESSAGE(got == want, "SDWA");
          ++compared[1];
        }
        if (const auto got = run({shortWord(row, 250), kSource0 | 0xe4 << 8 | 0xff000000}, target, exec)) {
          CHECK_MESSAGE(got == want, "DPP");
          ++compared[2];
        }
      }
    }
  }
  CHECK(compared[0] > 2000);
  CHECK(compared[1] > 1200);
  CHECK(compared[2] > 600);
}

// SOFTGPU_VECTOR_SAMPLES (of each operation) and SOFTGPU_VECTOR_SEED ask for more and others.
static unsigned asked(const char* variable, unsigned otherwise) {
  const char* text = std::getenv(variable);
  return text ? static_cast<unsigned>(std::atoi(text)) : otherwise;
}

TEST_CASE("vector encodings: every host level computes the same, whatever the operands, modifiers and modes") {
  const unsigned samples = asked("SOFTGPU_VECTOR_SAMPLES", 12), seed = asked("SOFTGPU_VECTOR_SEED", 0);
  TestWave wave;
  unsigned compared = 0;
  for (const Target target : {Target::gfx803, Target::gfx900, Target::gfx906, Target::gfx90a}) {
    for (const Row& row : kRows) {
      if (!(row.targets & maskOf(target)) || row.encoding < Encoding::VOP2 || row.encoding > Encoding::VOP3P) continue;
      Fields fields(row.number * 7 + static_cast<uint32_t>(target) + seed * 0x10000);
      for (unsigned i = 0; i < samples; ++i) {
        const std::vector<uint32_t> words = randomWords(row, fields);
        const Setup setup{target, i % 4 ? fields.bits(32) * 0x100000001ull : ~uint64_t{0}, fields.mode(), i % 16};
        const auto want = after(words, setup, *levels()[0], wave);
        if (!want) continue;
        ++compared;
        for (const vector::Level* level : levels()) {
          if (level == levels()[0]) continue;
          const auto got = after(words, setup, *level, wave);
          if (got == want) continue;
          Instruction in;
          decode(words.data(), static_cast<uint32_t>(words.size()), target, in);
          FAIL_CHECK(level->name << ": " << disassemble(in, target, 0) << " on " << targetName(target) << " with mode "
                                 << hex(setup.mode) << " and EXEC " << hex(setup.exec));
        }
      }
    }
  }
  CHECK(compared > 20000);
}
