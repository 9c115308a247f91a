#define MILLRACE_DECODER make_json_decoder_baseline
#include "columns/json_decode_kernel.h"
