#pragma once

/// Pure.

#include <optional>
#include <string>

namespace millrace::websocket {

/// `wss://h/p` as `https://h/p`, `ws` as `http`; http and https stay. What connects and what is
/// printed knows only those. Nullopt: not an absolute URL of these schemes.
std::optional<std::string> web_url(const std::string& url);

/// Path and query: what the handshake asks for.
std::string target_of(const std::string& web_url);

}  // namespace millrace::websocket
