#pragma once

/// From classes to the constant tables of the C border. Nothing registers at load time: the tables
/// are data, and the only export returns their address.

#include <millrace/ext/epoch_sink.h>

#include <millrace/cpp/columns.hpp>
#include <millrace/cpp/describe.hpp>
#include <millrace/cpp/roles.hpp>
#include <type_traits>

namespace millrace {
inline namespace sdk_v1 {
namespace detail {

/// What mr_self points to.
template <class T>
struct instance {
  instance(const mr_host* host, mr_ctx* c, mr_str text)
      : ctx(host, c),
        partitions(ctx.extension<mr_partitions_v1>(MR_EXT_PARTITIONS, MR_PARTITIONS_V1_MIN_SIZE)),
        object(ctx, config(ctx, from_abi(text))) {}
  context ctx;
  const mr_partitions_v1* partitions;
  bound_columns columns;  ///< Of a column_sink.
  T object;
};

template <class T>
instance<T>& self_of(mr_self* self) {
  return *reinterpret_cast<instance<T>*>(self);
}
template <class T>
T& object_of(mr_self* self) {
  return self_of<T>(self).object;
}

/// Records appended before a failure count as returned, so they are handed over in any case.
template <class T, class Call>
mr_rc emitting(mr_self* self, mr_out* out, mr_err* err, Call&& call) noexcept {
  return guarded(err, [&] {
    emitter to(out, self_of<T>(self).partitions);
    try {
      const mr_rc rc = call(object_of<T>(self), to);
      to.flush();
      return rc;
    } catch (...) {
      to.flush();
      throw;
    }
  });
}

/// True if T or a class between T and `base` overrides `slot`. An override that is not public
/// counts too.
#define MILLRACE_OVERRIDES(T, base, slot) \
  (!requires { requires std::is_same_v<decltype(&T::slot), decltype(&base::slot)>; })

template <class T>
struct lifecycle {
  static mr_rc validate(const mr_host* host, mr_ctx* c, mr_str text, mr_err* err) noexcept {
    return guarded(err, [&] {
      const context ctx(host, c);
      T::validate(ctx, config(ctx, from_abi(text)));
      return MR_OK;
    });
  }
  static mr_rc create(const mr_host* host, mr_ctx* c, mr_str text, mr_self** self,
                      mr_err* err) noexcept {
    return guarded(err, [&] {
      *self = reinterpret_cast<mr_self*>(new instance<T>(host, c, text));
      return MR_OK;
    });
  }
  static mr_rc get_traits(mr_self* self, mr_traits* to) noexcept {
    return guarded(nullptr, [&] {
      const traits t = object_of<T>(self).source_traits();
      to->bounded = t.bounded;
      to->replay = static_cast<uint32_t>(t.replay);
      return MR_OK;
    });
  }
  static mr_rc open(mr_self* self, const mr_open* how, mr_err* err) noexcept {
    return guarded(err, [&] {
      object_of<T>(self).open({.state = from_abi(how->restored_state),
                               .last_epoch = how->last_epoch,
                               .fresh = (how->flags & MR_OPEN_FRESH) != 0,
                               .until_end = (how->flags & MR_OPEN_UNTIL_END) != 0});
      return MR_OK;
    });
  }
  static void cancel(mr_self* self) noexcept { object_of<T>(self).cancel(); }
  static mr_rc close(mr_self* self, mr_err* err) noexcept {
    return guarded(err, [&] {
      object_of<T>(self).close();
      return MR_OK;
    });
  }
  static void destroy(mr_self* self) noexcept { delete &self_of<T>(self); }

  static mr_rc last_epoch(mr_self* self, mr_str pipeline, uint64_t* epoch, mr_err* err) noexcept {
    return guarded(err, [&] {
      *epoch = object_of<T>(self).last_epoch(from_abi(pipeline));
      return MR_OK;
    });
  }
  static mr_rc write_epoch(mr_self* self, mr_str pipeline, uint64_t epoch,
                           const mr_batch* const* rows, uint32_t n, mr_out* rejects,
                           mr_err* err) noexcept {
    return emitting<T>(self, rejects, err, [&](T& object, emitter& out) {
      std::vector<batch_view> views;
      for (uint32_t i = 0; i < n; ++i) views.emplace_back(*rows[i]);
      object.write_epoch(from_abi(pipeline), epoch, views, out);
      return MR_OK;
    });
  }
  static mr_rc bind(mr_self* self, ArrowSchema* schema, mr_err* err) noexcept {
    return guarded(err, [&] {
      object_of<T>(self).bind(take_schema(schema, self_of<T>(self).columns));
      return MR_OK;
    });
  }
  static mr_rc write_columns(mr_self* self, ArrowArray* rows, mr_out* rejects,
                             mr_err* err) noexcept {
    return guarded(err, [&] {
      const released<ArrowArray> owned(rows);
      const bound_columns& bound = self_of<T>(self).columns;
      std::vector<column_view> views;
      for (int64_t i = 0; i < rows->n_children; ++i) {
        const auto at = static_cast<std::size_t>(i);
        views.emplace_back(bound.names.at(at), bound.formats.at(at), *rows->children[i]);
      }
      column_rejects out(rejects);
      object_of<T>(self).write_columns(views, static_cast<uint32_t>(rows->length), out);
      return MR_OK;
    });
  }
  static const void* extension(mr_self* self, const char* id) noexcept;

  static consteval mr_lifecycle make() {
    mr_lifecycle table{};
    table.struct_size = sizeof table;
    if constexpr (requires(const context& ctx, const config& cfg) { T::validate(ctx, cfg); }) {
      table.validate = validate;
    }
    table.create = create;
    if constexpr (std::is_base_of_v<source, T>) {
      if constexpr (MILLRACE_OVERRIDES(T, source, source_traits)) table.traits = get_traits;
    }
    table.open = open;
    if constexpr (MILLRACE_OVERRIDES(T, component_base, cancel)) table.cancel = cancel;
    table.close = close;
    table.destroy = destroy;
    table.extension = extension;
    return table;
  }
};

/// A class may offer more: `const void* extension(std::string_view id)`.
template <class T>
const void* lifecycle<T>::extension(mr_self* self, const char* id) noexcept {
  if constexpr (std::is_base_of_v<epoch_sink, T>) {
    static constexpr mr_epoch_sink_v1 table{sizeof table, 0, last_epoch, write_epoch};
    if (std::string_view(id) == MR_EXT_EPOCH_SINK) return &table;
  }
  if constexpr (std::is_base_of_v<column_sink, T>) {
    static constexpr mr_arrow_v1 table{sizeof table, 0, bind, write_columns};
    if (std::string_view(id) == MR_EXT_ARROW) return &table;
  }
  if constexpr (requires(T & t) { t.extension(std::string_view()); }) {
    const void* offered = nullptr;
    guarded(nullptr, [&] {
      offered = object_of<T>(self).extension(id);
      return MR_OK;
    });
    return offered;
  }
  (void)self, (void)id;
  return nullptr;
}

template <class T>
mr_rc take_snapshot(mr_self* self, uint64_t epoch, mr_buf* buf, mr_err* err) noexcept {
  return guarded(err, [&] {
    const std::string state = object_of<T>(self).snapshot(epoch);
    return buf->append(buf, to_abi(state));
  });
}

template <class T>
struct source_ops {
  static mr_rc poll(mr_self* self, const mr_budget* b, mr_out* out, mr_err* err) noexcept {
    return emitting<T>(self, out, err, [&](T& object, emitter& to) {
      budget limits{b->max_records, b->max_bytes, b->deadline_us, {}, b->partitions == nullptr};
      if (b->partitions) limits.partitions = {b->partitions, b->partition_count};
      return static_cast<mr_rc>(object.poll(limits, to));
    });
  }
  static mr_rc ack(mr_self* self, const mr_ack* a, mr_err* err) noexcept {
    return guarded(err, [&] {
      object_of<T>(self).ack({a->epoch, {a->partition, a->count}, {a->position, a->count}});
      return MR_OK;
    });
  }
  static mr_rc seek(mr_self* self, uint32_t partition, uint64_t position, mr_err* err) noexcept {
    return guarded(err, [&] {
      object_of<T>(self).seek(partition, position);
      return MR_OK;
    });
  }
  static consteval mr_source make() {
    mr_source table{sizeof(mr_source), 0, poll, take_snapshot<T>, nullptr, nullptr};
    if constexpr (MILLRACE_OVERRIDES(T, source, ack)) table.ack = ack;
    if constexpr (MILLRACE_OVERRIDES(T, source, seek)) table.seek = seek;
    return table;
  }
};

template <class T>
struct processor_ops {
  static mr_rc process(mr_self* self, const mr_batch* in, uint32_t* consumed, mr_out* out,
                       mr_err* err) noexcept {
    return emitting<T>(self, out, err, [&](T& object, emitter& to) {
      object.process(batch_view(*in), to);
      *consumed = in->count;
      return MR_OK;
    });
  }
  static mr_rc watermark(mr_self* self, int64_t w_us, mr_out* out, mr_err* err) noexcept {
    return emitting<T>(self, out, err, [&](T& object, emitter& to) {
      object.watermark(w_us, to);
      return MR_OK;
    });
  }
  static consteval mr_processor make() {
    static_assert(!(T::info.has(cap::stateless) && MILLRACE_OVERRIDES(T, processor, snapshot)),
                  "a stateless processor has no snapshot");
    mr_processor table{sizeof(mr_processor), 0, process, nullptr, nullptr};
    if constexpr (MILLRACE_OVERRIDES(T, processor, watermark)) table.watermark = watermark;
    if constexpr (MILLRACE_OVERRIDES(T, processor, snapshot)) table.snapshot = take_snapshot<T>;
    return table;
  }
};

template <class T>
struct sink_ops {
  static mr_rc write(mr_self* self, const mr_batch* rows, mr_out* rejects, mr_err* err) noexcept {
    return emitting<T>(self, rejects, err, [&](T& object, emitter& to) {
      object.write(batch_view(*rows), to);
      return MR_OK;
    });
  }
  static mr_rc prepare(mr_self* self, uint64_t epoch, uint64_t token, mr_buf* buf,
                       mr_err* err) noexcept {
    return guarded(err, [&] {
      const completion later(self_of<T>(self).ctx, token, buf);
      return static_cast<mr_rc>(object_of<T>(self).prepare_later(epoch, later));
    });
  }
  static mr_rc commit(mr_self* self, uint64_t epoch, mr_err* err) noexcept {
    return guarded(err, [&] {
      object_of<T>(self).commit(epoch);
      return MR_OK;
    });
  }
  static mr_rc abort(mr_self* self, uint64_t epoch, mr_err* err) noexcept {
    return guarded(err, [&] {
      object_of<T>(self).abort(epoch);
      return MR_OK;
    });
  }
  static constexpr bool prepares =
      MILLRACE_OVERRIDES(T, sink, prepare) || MILLRACE_OVERRIDES(T, sink, prepare_later);
  static constexpr bool commits = MILLRACE_OVERRIDES(T, sink, commit);
  static constexpr bool aborts = MILLRACE_OVERRIDES(T, sink, abort);
  static_assert(!T::info.has(cap::two_phase) || (prepares && commits && aborts),
                "cap::two_phase needs prepare, commit and abort");
  static_assert(T::info.has(cap::epoch_marked) == std::is_base_of_v<epoch_sink, T>,
                "cap::epoch_marked and the base class epoch_sink belong together");
  static consteval mr_sink make() {
    mr_sink table{sizeof(mr_sink), 0, write, nullptr, nullptr, nullptr};
    if constexpr (prepares) table.prepare = prepare;
    if constexpr (commits) table.commit = commit;
    if constexpr (aborts) table.abort = abort;
    return table;
  }
};

template <class T>
struct role;
template <class T>
requires std::is_base_of_v<source, T>
struct role<T> : source_ops<T> {
  static constexpr uint32_t kind = MR_SOURCE;
};
template <class T>
requires std::is_base_of_v<processor, T>
struct role<T> : processor_ops<T> {
  static constexpr uint32_t kind = MR_PROCESSOR;
};
template <class T>
requires std::is_base_of_v<sink, T>
struct role<T> : sink_ops<T> {
  static constexpr uint32_t kind = MR_SINK;
};

template <class T>
inline constexpr mr_lifecycle lifecycle_table = lifecycle<T>::make();
template <class T>
inline constexpr auto ops_table = role<T>::make();
template <class T>
inline constexpr mr_component component_table{
    sizeof(mr_component), role<T>::kind,   T::info.id,          T::info.version, T::info.title,
    T::info.doc,          T::info.license, T::info.url,         T::info.schema,  T::info.caps,
    T::info.status,       T::info.trust,   &lifecycle_table<T>, &ops_table<T>};
template <class... T>
inline constexpr const mr_component* component_list[] = {&component_table<T>...};

#undef MILLRACE_OVERRIDES

}  // namespace detail

/// The module of these classes, for programs that contain components themselves.
template <class... T>
inline constexpr mr_module module_of{
    sizeof(mr_module), MR_ABI_MINOR, 0, sizeof...(T), detail::component_list<T...>,
    "C++ " __VERSION__};

}  // namespace sdk_v1
}  // namespace millrace

/// Once per library, at namespace scope, with every component class in it.
#define MILLRACE_PLUGIN(...)                                                \
  extern "C" MR_EXPORT const mr_module* millrace_module_v1(void) noexcept { \
    return &::millrace::module_of<__VA_ARGS__>;                             \
  }
