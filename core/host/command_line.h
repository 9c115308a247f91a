#pragma once

/// The program's verbs. Exit codes: 0 done; 1 the run failed; 2 the command line or the
/// configuration is wrong; 3 a plugin was refused. Errors go to stderr; stdout belongs to sinks
/// and to what a verb was asked to print.

namespace millrace {

int command_line_main(int argc, char** argv);

}  // namespace millrace
