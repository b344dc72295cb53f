// The session's calls and those that end it (GCC 17).
#include "call.h"
#include "interface.h"
#include "runtime.h"
#include "session.h"

#if GCN_LIBGOMP >= 17

namespace gcn::libgomp {

GCN_LIBGOMP_EXPORT size_t GOMP_OFFLOAD_session_size() {
  return sizeof(Session);
}

GCN_LIBGOMP_EXPORT void GOMP_OFFLOAD_session_start(Session* session, int device) {
  *session = {.device = device, .number = 0, .table = nullptr};
}

GCN_LIBGOMP_EXPORT void* GOMP_OFFLOAD_session_allocate_target_var_table(Session* session, size_t bytes) {
  const Call call(Operation::kSessionTable, session->device, bytes, &session->number);
  return call.Pointer();
}

GCN_LIBGOMP_EXPORT void GOMP_OFFLOAD_session_set_target_var_table(Session* session, void* table) {
  session->table = table;
}

GCN_LIBGOMP_EXPORT void GOMP_OFFLOAD_run(Session* session, void* function, void** attributes) {
  Call(Operation::kRun, session->device, function, session->table, attributes, CountAttributes(attributes),
       session->number)
      .MustSucceed();
}

GCN_LIBGOMP_EXPORT void GOMP_OFFLOAD_async_run(Session* session, void* function, void** attributes, void* task) {
  Call(Operation::kAsyncRun, session->device, function, session->table, attributes, CountAttributes(attributes),
       session->number, TheRuntime().target_task_completion, task)
      .MustSucceed();
}

}  // namespace gcn::libgomp

#endif
