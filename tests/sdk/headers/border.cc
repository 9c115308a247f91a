// The C part as C++: function types are noexcept.
#include <millrace/abi_layout.h>

static_assert(noexcept(millrace_module_v1()), "entry");
static_assert(noexcept(static_cast<mr_source*>(nullptr)->poll(nullptr, nullptr, nullptr, nullptr)),
              "slots");
static_assert(MR_RC_CLASS(MR_E_EXCEPTION) == MR_E_FATAL && MR_RC_CLASS(-1) == 0, "classes");
bool has_seek(const mr_source* ops);
bool has_seek(const mr_source* ops) { return MR_HAS(mr_source, ops, seek); }
