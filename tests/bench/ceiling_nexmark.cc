// The ceilings of the Nexmark queries: for each one the loop that a skilled person writes by hand
// for this one question and these very lines, with standard containers. It knows what Millrace must
// not assume: nobody is late, no line is broken, texts have no escapes, all of it fits into memory,
// and nothing is stored on the way. Rows come in any order; nexmark_bench.py compares them sorted.
#include <simdjson.h>

#include <map>
#include <memory>
#include <unordered_map>

#include "mapped_lines.h"
#include "row_writer.h"

namespace millrace::bench {
namespace {

using Object = simdjson::ondemand::object;

constexpr int64_t kPerson = 0, kAuction = 1, kBid = 2;  // event_type
constexpr int64_t kTenMs = 10'000, kHopMs = 2'000, kDayMs = 86'400'000, kGapMs = 10'000;

struct Bid {
  int64_t at = 0, auction = 0, bidder = 0, price = 0;
  std::string_view channel, extra;
};

struct Pair {
  int64_t first = 0, second = 0;
  bool operator==(const Pair&) const = default;
};
struct PairHash {
  size_t operator()(const Pair& pair) const {
    const auto mixed = static_cast<uint64_t>(pair.first) * 0x9e3779b97f4a7c15u;
    return static_cast<size_t>((mixed ^ (mixed >> 32)) + static_cast<uint64_t>(pair.second));
  }
};

std::string_view text_of(Object& object, const char* name) {
  return text_inside(object[name].raw_json_token());
}

/// One query: sees the events it asks for, then writes what is left.
class Query {
 public:
  virtual ~Query() = default;
  virtual void bid(const Bid&, RowWriter&) {}
  virtual void person(int64_t, int64_t, std::string_view) {}
  virtual void auction(int64_t, int64_t) {}
  virtual void end(RowWriter&) {}
  /// What is read of an event: its numbers, also its texts; of bids only, or of all.
  bool texts = false, all = false;
};

void write_bid(RowWriter& out, const Bid& bid) {
  out.text(R"({"auction":)").number(bid.auction).text(R"(,"bidder":)").number(bid.bidder);
  out.text(R"(,"price":)").number(bid.price).text(R"(,"date_time":)").number(bid.at);
  out.text(R"(,"extra":")").text(bid.extra).text("\"}\n").end_row();
}

class PassThrough : public Query {
 public:
  PassThrough() { texts = true; }
  void bid(const Bid& bid, RowWriter& out) override { write_bid(out, bid); }
};

class Currency : public Query {
 public:
  Currency() { texts = true; }
  void bid(const Bid& bid, RowWriter& out) override {
    out.text(R"({"auction":)").number(bid.auction).text(R"(,"bidder":)").number(bid.bidder);
    out.text(R"(,"price":)").real(0.908 * static_cast<double>(bid.price));
    out.text(R"(,"date_time":)").number(bid.at);
    out.text(R"(,"extra":")").text(bid.extra).text("\"}\n").end_row();
  }
};

class Selected : public Query {
 public:
  void bid(const Bid& bid, RowWriter& out) override {
    if (bid.auction % 123 != 0) return;
    out.text(R"({"auction":)").number(bid.auction).text(R"(,"price":)").number(bid.price);
    out.text("}\n").end_row();
  }
};

/// Bids per auction in slices of 2 s; a window is the sum of five.
class HotItems : public Query {
  using Counts = std::unordered_map<int64_t, int64_t>;

 public:
  void bid(const Bid& bid, RowWriter&) override { ++slices_[bid.at / kHopMs][bid.auction]; }
  void end(RowWriter& out) override {
    if (slices_.empty()) return;
    const int64_t last = slices_.rbegin()->first;
    for (int64_t start = slices_.begin()->first - 4; start <= last; ++start) window(start, out);
  }

 private:
  void window(int64_t start, RowWriter& out) {
    Counts sum;
    for (auto slice = slices_.lower_bound(start); slice != slices_.end(); ++slice) {
      if (slice->first >= start + 5) break;
      for (const auto& [auction, count] : slice->second) sum[auction] += count;
    }
    int64_t most = 0;
    for (const auto& [auction, count] : sum) most = std::max(most, count);
    for (const auto& [auction, count] : sum) {
      if (count != most) continue;
      out.text(R"({"start":")").time_ms(start * kHopMs).text(R"(","auction":)").number(auction);
      out.text(R"(,"num":)").number(count).text("}\n").end_row();
    }
  }
  std::map<int64_t, Counts> slices_;
};

class HighestBid : public Query {
 public:
  HighestBid() { texts = true; }
  void bid(const Bid& bid, RowWriter&) override {
    std::vector<Bid>& best = tens_[bid.at / kTenMs];
    if (!best.empty() && bid.price < best.front().price) return;
    if (!best.empty() && bid.price > best.front().price) best.clear();
    best.push_back(bid);
  }
  void end(RowWriter& out) override {
    for (const auto& [ten, best] : tens_) {
      for (const Bid& bid : best) {
        out.text(R"({"auction":)").number(bid.auction).text(R"(,"price":)").number(bid.price);
        out.text(R"(,"bidder":)").number(bid.bidder).text(R"(,"date_time":)").number(bid.at);
        out.text(R"(,"extra":")").text(bid.extra).text("\"}\n").end_row();
      }
    }
  }

 private:
  std::map<int64_t, std::vector<Bid>> tens_;
};

class NewSellers : public Query {
 public:
  NewSellers() { all = true; }
  void person(int64_t at, int64_t id, std::string_view name) override {
    persons_.emplace(Pair{at / kTenMs, id}, name);
  }
  void auction(int64_t at, int64_t seller) override { sellers_[{at / kTenMs, seller}] = true; }
  void end(RowWriter& out) override {
    for (const auto& [key, name] : persons_) {
      if (!sellers_.count(key)) continue;
      out.text(R"({"id":)").number(key.second).text(R"(,"name":")").text(name);
      out.text(R"(","start":")").time_ms(key.first * kTenMs).text("\"}\n").end_row();
    }
  }

 private:
  std::unordered_map<Pair, std::string_view, PairHash> persons_;
  std::unordered_map<Pair, bool, PairHash> sellers_;
};

/// The newest session of a bidder takes what is near; neighbours are out of order by far less than
/// the gap, so older ones are done.
class Sessions : public Query {
  struct Session {
    int64_t first, last, bids;
  };

 public:
  void bid(const Bid& bid, RowWriter& out) override {
    auto [found, made] = sessions_.try_emplace(bid.bidder, Session{bid.at, bid.at, 0});
    Session& session = found->second;
    if (bid.at > session.last + kGapMs) {
      write(bid.bidder, session, out);
      session = {bid.at, bid.at, 0};
    }
    session.first = std::min(session.first, bid.at);
    session.last = std::max(session.last, bid.at);
    ++session.bids;
  }
  void end(RowWriter& out) override {
    for (const auto& [bidder, session] : sessions_) write(bidder, session, out);
  }

 private:
  static void write(int64_t bidder, const Session& session, RowWriter& out) {
    out.text(R"({"window_start":")").time_ms(session.first).text(R"(","window_end":")");
    out.time_ms(session.last + kGapMs).text(R"(","bidder":)").number(bidder);
    out.text(R"(,"bids":)").number(session.bids).text("}\n").end_row();
  }
  std::unordered_map<int64_t, Session> sessions_;
};

/// Per bidder only: which window of the wall clock a bid falls into is not the same in two runs.
class ByTheClock : public Query {
 public:
  void bid(const Bid& bid, RowWriter&) override { ++bids_[bid.bidder]; }
  void end(RowWriter& out) override {
    for (const auto& [bidder, bids] : bids_) {
      out.text(R"({"bidder":)")
          .number(bidder)
          .text(R"(,"bids":)")
          .number(bids)
          .text("}\n")
          .end_row();
    }
  }

 private:
  std::unordered_map<int64_t, int64_t> bids_;
};

class Statistics : public Query {
  struct Totals {
    int64_t bids = 0, ranks[3] = {}, min = INT64_MAX, max = 0, sum = 0;
  };

 public:
  void bid(const Bid& bid, RowWriter&) override {
    Totals& totals = totals_[{bid.auction, bid.at / kDayMs}];
    ++totals.bids;
    ++totals.ranks[(bid.price >= 10'000) + (bid.price >= 1'000'000)];
    totals.min = std::min(totals.min, bid.price);
    totals.max = std::max(totals.max, bid.price);
    totals.sum += bid.price;
  }
  void end(RowWriter& out) override {
    for (const auto& [key, totals] : totals_) {
      out.text(R"({"auction":)").number(key.first).text(R"(,"day":")").time_ms(key.second * kDayMs);
      out.text(R"(","total_bids":)").number(totals.bids);
      out.text(R"(,"rank1_bids":)").number(totals.ranks[0]);
      out.text(R"(,"rank2_bids":)").number(totals.ranks[1]);
      out.text(R"(,"rank3_bids":)").number(totals.ranks[2]);
      out.text(R"(,"min_price":)").number(totals.min).text(R"(,"max_price":)").number(totals.max);
      out.text(R"(,"avg_price":)");
      out.real(static_cast<double>(totals.sum) / static_cast<double>(totals.bids));
      out.text(R"(,"sum_price":)").number(totals.sum).text("}\n").end_row();
    }
  }

 private:
  std::unordered_map<Pair, Totals, PairHash> totals_;
};

class LastBids : public Query {
 public:
  LastBids() { texts = true; }
  void bid(const Bid& bid, RowWriter&) override {
    auto [found, made] = last_.try_emplace({bid.bidder, bid.auction}, bid);
    if (!made && bid.at >= found->second.at) found->second = bid;
  }
  void end(RowWriter& out) override {
    for (const auto& [key, bid] : last_) {
      out.text(R"({"auction":)").number(bid.auction).text(R"(,"bidder":)").number(bid.bidder);
      out.text(R"(,"price":)").number(bid.price).text(R"(,"channel":")").text(bid.channel);
      out.text(R"(","date_time":)").number(bid.at);
      out.text(R"(,"extra":")").text(bid.extra).text("\"}\n").end_row();
    }
  }

 private:
  std::unordered_map<Pair, Bid, PairHash> last_;
};

std::unique_ptr<Query> query_of(std::string_view name) {
  if (name == "q0") return std::make_unique<PassThrough>();
  if (name == "q1") return std::make_unique<Currency>();
  if (name == "q2") return std::make_unique<Selected>();
  if (name == "q5") return std::make_unique<HotItems>();
  if (name == "q7") return std::make_unique<HighestBid>();
  if (name == "q8") return std::make_unique<NewSellers>();
  if (name == "q11") return std::make_unique<Sessions>();
  if (name == "q12") return std::make_unique<ByTheClock>();
  if (name == "q17") return std::make_unique<Statistics>();
  if (name == "q18") return std::make_unique<LastBids>();
  die("no query " + std::string(name));
}

/// Fields in the order of the lines, so that no lookup has to begin anew.
void read_line(simdjson::ondemand::parser& parser, std::string_view line, Query& query,
               RowWriter& out) {
  auto record = parser.iterate(line.data(), line.size(), line.size() + kPadding);
  auto event = record.get_object();
  const int64_t type = event["event_type"].get_int64().value();
  if (query.all ? type == kBid : type != kBid) return;
  const int64_t at = event["date_time"].get_int64().value();
  if (type == kPerson) {
    Object person = event["person"].get_object();
    const int64_t id = person["id"].get_int64().value();
    query.person(at, id, text_of(person, "name"));
  } else if (type == kAuction) {
    Object auction = event["auction"].get_object();
    query.auction(at, auction["seller"].get_int64().value());
  } else {
    Object object = event["bid"].get_object();
    Bid bid{at,
            object["auction"].get_int64().value(),
            object["bidder"].get_int64().value(),
            object["price"].get_int64().value(),
            {},
            {}};
    if (query.texts) {
      bid.channel = text_of(object, "channel");
      bid.extra = text_of(object, "extra");
    }
    query.bid(bid, out);
  }
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  using namespace millrace::bench;
  const Arguments arguments = parse_arguments(argc, argv);
  const auto query = query_of(arguments.query ? arguments.query : "");
  simdjson::ondemand::parser parser;
  RowWriter out(arguments.out);
  each_line(map_file(arguments.input),
            [&](std::string_view line) { read_line(parser, line, *query, out); });
  query->end(out);
}
