// The host's hidden verb, alone: inspect_program inspect-file FILE.

#include "plugin/index.h"

int main(int argc, char** argv) { return argc == 3 ? millrace::inspect_file_main(argv[2]) : 2; }
