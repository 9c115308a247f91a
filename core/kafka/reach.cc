#include "kafka/reach.h"

namespace millrace::kafka {
namespace {

/// librdkafka reports trouble of a connection to whoever polls the client, by a callback whose one
/// pointer belongs to others: so what it said waits here, on that thread.
struct Trouble {
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string reason;
  bool is_refusal() const {
    return code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL;
  }
};
thread_local Trouble last_trouble;

/// From this release on it repeats the server's nonce as RFC 5802 wants it; brokers insist from 4.0
/// on.
constexpr int kScramIsRight = 0x02060100;

std::string remedy_for(const Trouble& trouble) {
  if (trouble.code == RD_KAFKA_RESP_ERR__SSL)
    return "; look at ssl.ca.location and the other ssl properties in \"kafka\"";
  std::string out = "; look at sasl.mechanisms, sasl.username and sasl.password in \"kafka\"";
  if (rd_kafka_version() < kScramIsRight && trouble.reason.find("SCRAM") != std::string::npos) {
    out += std::string(" (librdkafka ") + rd_kafka_version_str() +
           " cannot do SCRAM with brokers from 4.0 on, 2.6.1 can; PLAIN over TLS works)";
  }
  return out;
}

}  // namespace

void note_trouble(rd_kafka_t*, int code, const char* reason, void*) {
  // That all are down says less than why one is.
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
  last_trouble = {static_cast<rd_kafka_resp_err_t>(code), reason};
}

void reach(rd_kafka_t& client, const std::string& brokers) {
  constexpr int kLookMs = 250;
  const auto end = std::chrono::steady_clock::now() + kRequestTime;
  last_trouble = {};
  const std::string what = "cannot reach " + brokers + ": ";
  while (true) {
    const rd_kafka_metadata_t* found = nullptr;
    const auto code = rd_kafka_metadata(&client, 0, nullptr, &found, kLookMs);
    const Owned<const rd_kafka_metadata_t> metadata(found);
    if (!code) return;
    rd_kafka_poll(&client, 0);
    if (last_trouble.is_refusal())
      throw fatal(what + last_trouble.reason + remedy_for(last_trouble));
    if (std::chrono::steady_clock::now() < end) continue;
    throw retriable(what +
                    (last_trouble.reason.empty() ? rd_kafka_err2str(code) : last_trouble.reason));
  }
}

}  // namespace millrace::kafka
