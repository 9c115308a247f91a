/* A component that does nothing, for modules that are bad in one way each. */
#include <millrace/abi.h>

static mr_rc create(const mr_host* host, mr_ctx* ctx, mr_str config, mr_self** self, mr_err* err) {
  static int instance;
  (void)host, (void)ctx, (void)config, (void)err;
  *self = (mr_self*)(void*)&instance;
  return MR_OK;
}
static mr_rc open_it(mr_self* self, const mr_open* how, mr_err* err) {
  (void)self, (void)how, (void)err;
  return MR_OK;
}
static mr_rc close_it(mr_self* self, mr_err* err) {
  (void)self, (void)err;
  return MR_OK;
}
static void destroy(mr_self* self) { (void)self; }
static mr_rc write_rows(mr_self* self, const mr_batch* rows, mr_out* rejects, mr_err* err) {
  (void)self, (void)rows, (void)rejects, (void)err;
  return MR_OK;
}

static const mr_lifecycle life = {
    sizeof(mr_lifecycle), 0, NULL, create, NULL, open_it, NULL, close_it, destroy, NULL};
static const mr_sink ops = {sizeof(mr_sink), 0, write_rows, NULL, NULL, NULL};

#define COMPONENT(id)                                                                             \
  {                                                                                               \
    sizeof(mr_component), MR_SINK, id, "1.0.0", "Nothing", "Does nothing.", "MIT", NULL, "{}", 0, \
        MR_STATUS_DRAFT, MR_TRUST_OWN_INPUT, &life, &ops                                          \
  }
