#pragma once

/// Whether Redis holds what a log has: by the copy's own sums and the names of its blocks, without
/// their bytes. Enough to leave them there: whoever takes the copy adds up the blocks themselves.
/// Threads: one.

#include <set>
#include <string>

#include "cache/cache_connection.h"
#include "cache/cache_keys.h"
#include "state/manifest.h"

namespace millrace {

/// Keys of the chains that the blocks of `manifest` lie in.
std::set<std::string> chains_of(const CacheKeys& keys, const Manifest& manifest);
/// True: the copy says that it is whole as of commit `epoch` with the sums of `manifest`, and has
/// its blocks by name and no others. Errors: as CacheConnection.
Result<bool> holds(CacheConnection& connection, const CacheKeys& keys, uint64_t epoch,
                   const Manifest& manifest);

}  // namespace millrace
