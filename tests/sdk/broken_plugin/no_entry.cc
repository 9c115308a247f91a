// MILLRACE_PLUGIN is missing.
#include <millrace/plugin.hpp>
