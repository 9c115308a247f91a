#include "config/interpolate.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "base/log.h"
#include "json/utf8.h"

namespace millrace {
namespace {

constexpr std::streamsize kSecretBytesMax = 1 << 20;
constexpr std::string_view kForms =
    "write ${env:NAME}, ${env:NAME:-default} or ${file:/abs/path}; $${ stands for a plain ${";

struct Substitute {
  std::string text;
  bool secret = false;
};

bool is_env_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && (c < '0' || c > '9')) return false;
  }
  return true;
}

class Interpolation {
 public:
  Interpolation(ConfigDocument& document, Faults& faults) : document_(document), faults_(faults) {}

  void walk(JsonValue& value, const std::string& pointer) {
    if (value.is_string()) {
      replace(value, pointer);
    } else if (value.is_array()) {
      for (size_t i = 0; i < value.items().size(); ++i) {
        walk(value.items()[i], pointer_child(pointer, i));
      }
    } else if (value.is_object()) {
      for (JsonValue::Member& member : value.members()) {
        walk(member.value, pointer_child(pointer, member.key));
      }
    }
  }

 private:
  void replace(JsonValue& value, const std::string& pointer) {
    if (value.as_string().find("${") == std::string::npos) {
      hide_url_password(value.as_string());
      return;
    }
    pointer_ = pointer;
    std::string_view rest = value.as_string();
    std::string out;
    bool secret = false;
    size_t parts = 0;
    while (!rest.empty()) {
      const size_t start = rest.find("${");
      if (start == std::string_view::npos) break;
      if (start > 0 && rest[start - 1] == '$') {  // `$${`
        out.append(rest.substr(0, start - 1)).append("${");
        rest.remove_prefix(start + 2);
        continue;
      }
      const size_t end = rest.find('}', start);
      if (end == std::string_view::npos) {
        fault("\"${\" without a closing \"}\"", std::string(kForms));
        return;
      }
      std::optional<Substitute> put = substitute(rest.substr(start + 2, end - start - 2));
      if (!put) return;
      out.append(rest.substr(0, start)).append(put->text);
      secret = secret || put->secret;
      ++parts;
      rest.remove_prefix(end + 1);
      if (parts == 1 && start == 0 && rest.empty()) document_.mark_loose(pointer, out);
    }
    out.append(rest);
    if (secret) document_.mark_secret(pointer);
    hide_url_password(out);
    const JsonPosition position = value.position();
    value = JsonValue::string(std::move(out));
    value.set_position(position);
  }

  std::optional<Substitute> substitute(std::string_view inner) {
    if (inner.starts_with("env:")) return from_environment(inner.substr(4));
    if (inner.starts_with("file:")) return from_file(std::string(inner.substr(5)));
    fault("unknown \"${" + std::string(inner) + "}\"", std::string(kForms));
    return std::nullopt;
  }

  std::optional<Substitute> from_environment(std::string_view inner) {
    const size_t separator = inner.find(":-");
    const std::string name(inner.substr(0, separator));
    if (!is_env_name(name)) {
      fault("\"" + name + "\" is not a name of an environment variable", std::string(kForms));
      return std::nullopt;
    }
    const char* value = std::getenv(name.c_str());
    // As in a shell, `:-` also covers a variable that is set to nothing.
    if (separator != std::string_view::npos && (value == nullptr || *value == '\0')) {
      return Substitute{std::string(inner.substr(separator + 2)), false};
    }
    if (value == nullptr) {
      fault("the environment variable " + name + " is not set",
            "set it, or give a default: ${env:" + name + ":-default}");
      return std::nullopt;
    }
    return as_secret(value, "the environment variable " + name);
  }

  std::optional<Substitute> from_file(const std::string& path) {
    namespace fs = std::filesystem;
    if (!path.starts_with('/')) {
      fault("\"" + path + "\" is not an absolute path", "write ${file:/abs/path}");
      return std::nullopt;
    }
    std::error_code failure;
    const fs::file_type type = fs::status(path, failure).type();
    // A terminal would be waited for, /dev/zero never ends. Pipes are fine: `<(…)`.
    const bool readable = type == fs::file_type::regular || type == fs::file_type::fifo;
    std::ifstream in;
    if (readable) in.open(path, std::ios::binary);
    if (!readable || !in) {
      const bool missing = type == fs::file_type::not_found;
      fault("the file " + path + (missing ? " does not exist" : " cannot be read"),
            missing ? "create it, or correct the path" : "check its kind and permissions");
      return std::nullopt;
    }
    std::string text(static_cast<size_t>(kSecretBytesMax) + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.gcount() > kSecretBytesMax) {
      fault("the file " + path + " is larger than 1 MiB", "");
      return std::nullopt;
    }
    text.resize(static_cast<size_t>(in.gcount()));
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return as_secret(text, "the file " + path);
  }

  std::optional<Substitute> as_secret(std::string text, const std::string& what) {
    if (!is_valid_utf8(text) || text.find('\0') != std::string::npos) {
      fault(what + " is not UTF-8 text", "");
      return std::nullopt;
    }
    hide_in_log(text);
    return Substitute{std::move(text), true};
  }

  /// `scheme://user:password@host`: hides `password`.
  static void hide_url_password(std::string_view text) {
    const size_t scheme = text.find("://");
    if (scheme == std::string_view::npos) return;
    const std::string_view rest = text.substr(scheme + 3);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    const size_t at = authority.rfind('@');
    const size_t colon = authority.find(':');
    if (at == std::string_view::npos || colon == std::string_view::npos || colon > at) return;
    hide_in_log(authority.substr(colon + 1, at - colon - 1));
  }

  void fault(std::string message, std::string hint) {
    faults_.add(document_.where(pointer_), std::move(message), std::move(hint));
  }

  ConfigDocument& document_;
  Faults& faults_;
  std::string pointer_;
};

}  // namespace

void interpolate(ConfigDocument& document, Faults& faults) {
  Interpolation(document, faults).walk(document.root, "");
}

}  // namespace millrace
