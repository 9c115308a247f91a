#include "common/websocket/ws_url.h"

#include "common/http/url.h"

namespace millrace::websocket {

std::optional<std::string> web_url(const std::string& url) {
  std::string web = url;
  if (url.starts_with("wss://")) web = "https" + url.substr(3);
  if (url.starts_with("ws://")) web = "http" + url.substr(2);
  if (!http::parse_url(web)) return std::nullopt;
  return web;
}

std::string target_of(const std::string& web_url) {
  const size_t host = web_url.find("://") + 3;
  const size_t begin = web_url.find_first_of("/?#", host);
  if (begin == web_url.npos) return "/";
  const std::string target = web_url.substr(begin, web_url.find('#') - begin);
  return target.starts_with('/') ? target : "/" + target;
}

}  // namespace millrace::websocket
