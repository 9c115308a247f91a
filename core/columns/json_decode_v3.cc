// Compiled with -march=x86-64-v3 -mpclmul (CMakeLists.txt); only called where the processor has it.
#define MILLRACE_DECODER make_json_decoder_v3
#include "columns/json_decode_kernel.h"
