#pragma once

/// A map from the bytes of a key, asked without making a string of them. Its nodes never move.

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/hash.h"

namespace millrace {

struct KeyHash {
  using is_transparent = void;
  size_t operator()(std::string_view key) const { return hash_bytes(key); }
};

template <class T>
using KeyMap = std::unordered_map<std::string, T, KeyHash, std::equal_to<>>;

/// Where the key is, made with a default value if it is new; true: it was.
template <class T>
std::pair<typename KeyMap<T>::iterator, bool> find_or_make(KeyMap<T>& map, std::string_view key) {
  const auto found = map.find(key);
  if (found != map.end()) return {found, false};
  return map.try_emplace(std::string(key));
}

}  // namespace millrace
