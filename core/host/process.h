#pragma once

/// What the process needs before anything else. All: once, at the start of main, one thread.

namespace millrace {

/// Gives descriptors 0, 1 and 2 to nothing where whoever started the program had closed them: else
/// the next file that is opened, of the state even, would be standard output, and rows and log
/// lines would be written over it. Before anything is opened. A write to such a standard output
/// fails, so that no row vanishes unnoticed; the log's lines do.
void hold_standard_streams();

/// Before any thread is made (plugins have a watchdog), so that a signal can only be taken by the
/// one thread that waits for it. A child inherits the mask and opens it again.
void direct_signals(int argc, char** argv);

/// Memory that runs out in the engine's own code ends the process by a sentence and exit 1; what
/// was committed is safe. (Plugins' own exceptions become errors at their border.)
void tell_out_of_memory();

}  // namespace millrace
