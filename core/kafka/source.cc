#include "kafka/source.h"

#include <algorithm>

#include "base/machine.h"
#include "kafka/repartition.h"

namespace millrace::kafka {
namespace {

ReaderSettings settings_of(const config& cfg) {
  ReaderSettings out;
  out.topics = cfg.strings("topics");
  out.pattern = cfg.str("pattern", "");
  out.start = cfg.str("start", "earliest");
  out.group = cfg.str("group", "");
  out.repartition = cfg.flag("repartition", false);
  // The host adds it for a task under the kafka commit log.
  if (cfg.has("task")) out.task = static_cast<int32_t>(cfg.i64("task"));
  // Upstream tasks of a repartition topic are in no order, and have watermarks instead.
  out.apart = cfg.has("max_task_idle_us") && !out.repartition;
  return out;
}

std::string_view value_of(const rd_kafka_message_t& message) {
  return {static_cast<const char*>(message.payload), message.len};
}

/// The timestamp of the log, which is the event time if the configuration names no field.
int64_t time_of(const rd_kafka_message_t& message) {
  const int64_t time_ms = rd_kafka_message_timestamp(&message, nullptr);
  return time_ms < 0 ? MR_TIME_NONE : time_ms * 1000;
}

constexpr std::chrono::milliseconds kNoWait{0};

}  // namespace

void KafkaSource::validate(const context&, const config& cfg) {
  const ReaderSettings settings = settings_of(cfg);
  if (settings.topics.empty() == settings.pattern.empty())
    throw config_error("give either \"topics\" or \"pattern\"");
  ClientSettings all(cfg);
  for (const char* ours :
       {"enable.auto.commit", "enable.auto.offset.store", "enable.partition.eof"})
    all.set(ours, "false");
}

KafkaSource::KafkaSource(const context& ctx, const config& cfg)
    : ctx_(ctx),
      cfg_(cfg),
      settings_(settings_of(cfg)),
      records_(ctx.make_counter("kafka_records", "messages read")),
      bytes_(ctx.make_counter("kafka_bytes", "bytes of their values")) {}

void KafkaSource::open(const opening& how) {
  offsets_.clear();
  ends_.clear();
  arrived_.clear();
  heads_.clear();
  announced_ = 0;
  until_end_ = how.until_end;
  if (how.state.data() && !how.fresh) offsets_.restore(ctx_, how.state);
  auto reader = std::make_unique<Reader>(ctx_, cfg_, settings_, offsets_, until_end_);
  // Upstream tasks that went idle are not known again by opening.
  if (settings_.repartition && how.state.data())
    announced_ = static_cast<uint32_t>(reader->width());
  if (settings_.apart) {
    times_.emplace(ctx_);
    merged_.emplace(cfg_.i64("max_task_idle_us"));
    merged_->resize(offsets_.all().size());
    heads_.resize(offsets_.all().size());
  }
  const std::lock_guard lock(mutex_);
  reader_ = std::move(reader);
}

flow KafkaSource::poll(const budget& b, emitter& out) {
  if (ctx_.cancelled()) throw cancelled();
  // Each has a watermark of its own; topics may grow. Of a repartition topic each upstream task is
  // one (R23), and there are as many as partitions.
  const size_t logs =
      settings_.repartition ? static_cast<size_t>(reader_->width()) : offsets_.all().size();
  for (; announced_ < logs; ++announced_) out.assigned(announced_);
  if (merged_) {
    poll_merged(b, out);
  } else {
    poll_arrived(b, out);
  }
  records_.add(out.records());
  bytes_.add(static_cast<double>(out.bytes()));
  if (until_end_ && offsets_.all_reached()) return flow::end;
  look_at_ends(out);
  return !arrived_.empty() ? flow::more : out.records() > 0 ? flow::ok : flow::idle;
}

void KafkaSource::poll_arrived(const budget& b, emitter& out) {
  if (arrived_.empty()) {
    arrived_.read(*reader_, std::chrono::duration_cast<std::chrono::milliseconds>(b.left()));
  }
  for (size_t left = arrived_.fit(b, out); left > 0; --left) {
    const rd_kafka_message_t& message = arrived_.next();
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      take_event(message, out);
    } else if (const auto number = arrived_.number_of(message, offsets_)) {
      take_record(message, *number, out);
    }
  }
}

/// Waits only while there is nothing to hand on.
void KafkaSource::poll_merged(const budget& b, emitter& out) {
  reader_->serve();
  for (uint32_t number = 0; number < heads_.size(); ++number) {
    if (!heads_[number]) pull(number, kNoWait, out);
  }
  while (out.records() < b.max_records && out.bytes() < b.max_bytes) {
    const MergedHeads::Next next = merged_->next(wall_clock_us());
    if (next.message) {
      const uint32_t number = *next.message;
      take_record(*heads_[number], number, out);
      heads_[number].reset();
      merged_->taken(number);
      pull(number, kNoWait, out);
      continue;
    }
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(b.left());
    if (!next.missing || out.records() > 0 || wait <= kNoWait) return;
    if (!pull(*next.missing, wait, out)) return;
  }
}

/// What is next in a partition of which no message is held. False: nothing came.
bool KafkaSource::pull(uint32_t number, std::chrono::milliseconds wait, emitter& out) {
  Owned<rd_kafka_message_t> message = reader_->read_one(number, wait);
  if (!message) return false;
  PartitionOffset& place = offsets_[number];
  const bool at_end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    take_event(*message, out);
  } else if (place.target && message->offset >= *place.target) {
    place.reached = true;
  } else {
    ends_.passed(number);
    merged_->put(number, times_->of(value_of(*message), time_of(*message)));
    heads_[number] = std::move(message);
  }
  if (place.reached) {
    merged_->ended(number);
  } else if (at_end) {
    merged_->at_end(number, wall_clock_us());
  }
  return true;
}

/// Behind all that was read by now: what follows for idleness, the host works out when it has this.
void KafkaSource::look_at_ends(emitter& out) {
  ends_.look([this](const std::vector<Ends::Place>& places) { return reader_->ends_of(places); },
             [this, &out](uint32_t number, bool proven) {
               if (merged_ && proven) merged_->at_end(number, wall_clock_us());
               if (merged_ && !proven) merged_->end_unproven(number);
               if (proven) return out.at_end(number);
               out.assigned(number);  // Records may follow.
             });
}

void KafkaSource::take_record(const rd_kafka_message_t& message, uint32_t number, emitter& out) {
  PartitionOffset& place = offsets_[number];
  if (message.offset < place.next) return;  // Of an assignment that was replaced.
  if (place.target && message.offset >= *place.target) {
    place.reached = true;
    return;
  }
  record r;
  r.value = value_of(message);
  r.key = {static_cast<const char*>(message.key), message.key_len};
  r.partition = number;
  r.position = static_cast<uint64_t>(message.offset);
  r.time_us = time_of(message);
  headers_.clear();
  rd_kafka_headers_t* found = nullptr;
  if (rd_kafka_message_headers(&message, &found) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    for (size_t i = 0;
         rd_kafka_header_get_all(found, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
      headers_.push_back({name, {static_cast<const char*>(value), size}});
    }
  }
  r.headers = headers_;
  place.next = message.offset + 1;
  ends_.passed(number);
  if (settings_.repartition && !take_note(message, r, out)) return;
  out.append(r);
}

/// False: it is a marker, not a row.
bool KafkaSource::take_note(const rd_kafka_message_t& message, record& r, emitter& out) {
  const auto is_note = [](const header& one) { return one.name == kRepartitionHeader; };
  const auto found = std::find_if(headers_.begin(), headers_.end(), is_note);
  const auto note = found == headers_.end() ? std::nullopt : read_note(found->value);
  if (!note) {
    throw fatal(std::string(rd_kafka_topic_name(message.rkt)) +
                " holds a message that no Millrace of this release wrote, at offset " +
                std::to_string(message.offset) + ": nobody else may write to it");
  }
  r.partition = static_cast<uint32_t>(note->upstream);
  r.time_us = note->time;
  headers_.erase(found);
  r.headers = headers_;
  if (!note->marker) return true;
  if (note->idle) {
    out.revoking(r.partition);
  } else {
    out.assigned(r.partition);
    if (note->time != kTimeNone) out.watermark(r.partition, note->time);
  }
  return false;
}

void KafkaSource::take_event(const rd_kafka_message_t& message, emitter& out) {
  const std::string topic = message.rkt ? rd_kafka_topic_name(message.rkt) : "";
  const auto number = offsets_.find(topic, message.partition);
  switch (message.err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF: {
      if (!number) return;
      PartitionOffset& place = offsets_[*number];
      // Control records occupy offsets and are never delivered: the end may lie behind the last
      // record.
      place.next = std::max(place.next, message.offset);
      if (place.target && message.offset >= *place.target) place.reached = true;
      // Upstream tasks say themselves when they are idle.
      if (settings_.repartition) return;
      ends_.reached(*number, place.next);
      return out.at_end(*number);
    }
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      if (number) tell_gap(topic, message.partition, out);
      return;
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
      return;  // librdkafka has logged it and tries again by itself.
    default: fail(topic.empty() ? "reading" : "reading " + topic, message.err);
  }
}

void KafkaSource::tell_gap(const std::string& topic, int32_t partition, emitter& out) {
  const uint32_t number = *offsets_.find(topic, partition);
  const int64_t stored = offsets_[number].next;
  const int64_t start = reader_->skip_to_start(topic, partition);
  if (start < stored) {
    throw fatal(topic +
                " ends before what was read of it: it was made anew; --forget this source to read "
                "it from its start");
  }
  gap lost;
  lost.partition = number;
  lost.from_position = static_cast<uint64_t>(stored);
  lost.to_position = static_cast<uint64_t>(start);
  lost.reason = "the topic no longer holds what was not yet read (retention)";
  out.lost(lost);
}

std::string KafkaSource::snapshot(uint64_t) {
  snapshot_ = offsets_.all();
  return offsets_.snapshot();
}

/// The snapshot of the commit before this one: never ahead of what is committed, though a little
/// behind.
void KafkaSource::ack(const acknowledged&) {
  if (!published_.empty()) reader_->publish(published_);
  published_ = snapshot_;
}

void KafkaSource::cancel() noexcept {
  const std::lock_guard lock(mutex_);
  if (reader_) reader_->wake();
}

void KafkaSource::close() {
  arrived_.clear();
  heads_.clear();
  const std::lock_guard lock(mutex_);
  reader_.reset();
}

}  // namespace millrace::kafka
