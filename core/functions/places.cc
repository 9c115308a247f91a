// Parts of URLs, and distances on the globe. PostgreSQL has none of these.

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "functions/kernel.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

/// A URL taken apart as RFC 3986, appendix B, does; parts that are not there are null views.
struct Url {
  View scheme, authority, path, query, fragment;

  explicit Url(View url) {
    if (const size_t mark = url.find('#'); mark != View::npos) {
      fragment = url.substr(mark + 1);
      url = url.substr(0, mark);
    }
    if (const size_t mark = url.find('?'); mark != View::npos) {
      query = url.substr(mark + 1);
      url = url.substr(0, mark);
    }
    const size_t colon = url.find_first_of(":/");
    if (colon != View::npos && colon > 0 && url[colon] == ':') {
      scheme = url.substr(0, colon);
      url.remove_prefix(colon + 1);
    }
    if (url.starts_with("//")) {
      authority = url.substr(2, url.find('/', 2) - 2);
      url.remove_prefix(2 + authority.size());
    }
    path = url;
  }

  /// Without the user in front and the port behind.
  View host() const {
    View host = authority;
    if (const size_t at = host.rfind('@'); at != View::npos) host.remove_prefix(at + 1);
    if (host.starts_with('[')) {
      const size_t end = host.find(']');
      return end == View::npos ? host : host.substr(0, end + 1);
    }
    return host.substr(0, host.find(':'));
  }
  View port() const {
    View rest = authority;
    if (const size_t at = rest.rfind('@'); at != View::npos) rest.remove_prefix(at + 1);
    const size_t colon = rest.rfind(':');
    const bool is_port = colon != View::npos && rest.find(']', colon) == View::npos;
    return is_port ? rest.substr(colon + 1) : View();
  }
};

/// A part that is not there, or empty, is NULL.
template <class Part>
void url_part(const KernelCall& call, Part part) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    out[row] = part(Url(argument<View>(call, 0, row)));
    if (out[row].empty()) call.out.set_cell(row, kNull, call.row_count);
  });
}

View lowered(View text, ByteArena& arena) {
  char* const made = arena.allocate(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    made[i] = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
  }
  return {made, text.size()};
}

void url_host(const KernelCall& call) {
  url_part(call, [&](const Url& url) { return lowered(url.host(), call.out.bytes); });
}
void url_scheme(const KernelCall& call) {
  url_part(call, [&](const Url& url) { return lowered(url.scheme, call.out.bytes); });
}
void url_path(const KernelCall& call) {
  url_part(call, [](const Url& url) { return url.path; });
}
void url_query(const KernelCall& call) {
  url_part(call, [](const Url& url) { return url.query; });
}
void url_fragment(const KernelCall& call) {
  url_part(call, [](const Url& url) { return url.fragment; });
}

void url_port(const KernelCall& call) {
  int64_t* out = cells_of<int64_t>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View port = Url(argument<View>(call, 0, row)).port();
    out[row] = 0;
    bool good = !port.empty() && port.size() <= 5;
    for (const char c : port) {
      good = good && c >= '0' && c <= '9';
      if (good) out[row] = out[row] * 10 + (c - '0');
    }
    if (!good || out[row] > 65535) call.out.set_cell(row, kNull, call.row_count);
  });
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/// Percent signs and pluses undone; what is no escape stays.
View form_decoded(View text, ByteArena& arena) {
  if (text.find_first_of("%+") == View::npos) return text;
  char* const made = arena.allocate(text.size());
  char* at = made;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                        hex_value(text[i + 2]) >= 0;
    if (escape) {
      *at++ = static_cast<char>(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
      i += 2;
    } else {
      *at++ = text[i] == '+' ? ' ' : text[i];
    }
  }
  return {made, static_cast<size_t>(at - made)};
}

/// The first parameter of the name.
void url_param(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    View query = Url(argument<View>(call, 0, row)).query;
    const View name = argument<View>(call, 1, row);
    while (!query.empty()) {
      const View pair = query.substr(0, query.find('&'));
      query.remove_prefix(std::min(pair.size() + 1, query.size()));
      const size_t equals = std::min(pair.find('='), pair.size());
      if (form_decoded(pair.substr(0, equals), call.out.bytes) != name) continue;
      out[row] = form_decoded(pair.substr(std::min(equals + 1, pair.size())), call.out.bytes);
      return;
    }
    out[row] = {};
    call.out.set_cell(row, kNull, call.row_count);
  });
}

/// The haversine formula on a sphere of the earth's mean radius: within 0.5 % of the ellipsoid.
void distance_km(const KernelCall& call) {
  constexpr double kRadiusKm = 6371.0088, kRadians = 3.14159265358979323846 / 180;
  double* out = cells_of<double>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const double lat_a = argument<double>(call, 0, row), lon_a = argument<double>(call, 1, row);
    const double lat_b = argument<double>(call, 2, row), lon_b = argument<double>(call, 3, row);
    out[row] = 0;
    const bool on_globe = std::fabs(lat_a) <= 90 && std::fabs(lat_b) <= 90 &&
                          std::fabs(lon_a) <= 360 && std::fabs(lon_b) <= 360;
    if (!on_globe)
      return call.fail(row, sqlstate::kInvalidParameter,
                       "latitudes are -90 to 90, longitudes -360 to 360 degrees");
    const double up = std::sin((lat_b - lat_a) * kRadians / 2),
                 over = std::sin((lon_b - lon_a) * kRadians / 2);
    const double half =
        up * up + std::cos(lat_a * kRadians) * std::cos(lat_b * kRadians) * over * over;
    out[row] = 2 * kRadiusKm * std::asin(std::fmin(1, std::sqrt(half)));
  });
}

constexpr Type kT = Type::kText, kF8 = Type::kFloat8;

constexpr std::array kEntries = {
    ours(entry("url_scheme", {kT}, kT, url_scheme, "In small letters; NULL: none.",
               "url_scheme('HTTPS://a.org/')", "https")),
    ours(entry("url_host", {kT}, kT, url_host,
               "In small letters, without user and port; NULL: none.",
               "url_host('https://me@En.Wikipedia.org:443/wiki/A')", "en.wikipedia.org")),
    ours(entry("url_port", {kT}, Type::kInt4, url_port, "The port as written; NULL: none.",
               "url_port('http://a.org:8080/')", "8080")),
    ours(entry("url_path", {kT}, kT, url_path, "The path as written; NULL: none.",
               "url_path('https://a.org/wiki/A?x=1#b')", "/wiki/A")),
    ours(entry("url_query", {kT}, kT, url_query, "What is behind ?; NULL: nothing.",
               "url_query('https://a.org/?x=1#b')", "x=1")),
    ours(entry("url_fragment", {kT}, kT, url_fragment, "What is behind #; NULL: nothing.",
               "url_fragment('https://a.org/#b')", "b")),
    ours(entry("url_param", {kT, kT}, kT, url_param,
               "A parameter of the query, decoded; NULL: none of that name.",
               "url_param('https://a.org/?q=a+b%21&x=1', 'q')", "a b!")),
    ours(
        entry("distance_km", {kF8, kF8, kF8, kF8}, kF8, distance_km,
              "Kilometres between two places, each latitude and longitude in degrees, on a sphere.",
              "round(distance_km(52.52, 13.405, 48.8566, 2.3522)::numeric)", "877")),
};

}  // namespace

std::span<const Function> place_functions() { return kEntries; }

}  // namespace millrace
