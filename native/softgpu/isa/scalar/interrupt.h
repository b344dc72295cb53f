// s_sendmsg(MSG_INTERRUPT): how a kernel wakes a host thread that sleeps on an event (ROCr's signals put the event's
// number into M0).
#pragma once

#include <cstdint>

namespace softgpu {

// Called on the worker that executes the wave, inside a ReadSection. `payload` is M0.
using InterruptHandler = void (*)(unsigned agent, uint32_t payload);
void setInterruptHandler(InterruptHandler handler);

}  // namespace softgpu
