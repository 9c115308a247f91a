#include "host/command_line.h"

int main(int argc, char** argv) { return millrace::command_line_main(argc, argv); }
