// The end of a program that runs in this process, whichever of its threads calls exit(): what the program and its
// libraries have registered runs, then JavaScript puts its own things in order, and the process ends without Node's and
// the HSA runtime's own exit handlers, which count on threads that are still at work.
#pragma once

#include <link.h>

namespace gcn::addon {

// Before the program is opened: what is registered from now on is its own. Idempotent.
void WatchForEnd();
// Somebody else than the program's main ends the process: from now on what main returns is not its status. libgomp's
// handlers, which come before ours, take their time.
void ClaimEnd();
bool EndIsClaimed();
// What the program brings with it has been opened behind this one: their destructors run at the end.
void FinalizeBehind(const link_map* last);
// Ends the process without the program's handlers, where those of libgomp's would wait for a lock that somebody holds:
// who waits for the plugin, or has called it.
[[noreturn]] void Leave(int status);
// JavaScript's thread is about to end the process, with a program under way: no handler of whose can run, for they wait
// for what its threads hold, such as the locks of libgomp's devices.
void LeaveAtOnce();
// Whether this is the process's first thread, which ends it Node's way; not so in a process that has been forked off.
bool OnMainThread();
// Of a thread that has called exit() while no program is under way, and whose libraries are to do nothing any more.
// Comes back where there is a program: the end is its then.
void EndWithoutProgram(int status);
// The last object that is loaded now.
const link_map* LastLoaded();

}  // namespace gcn::addon
