# cmake -DFILE= -DNM= -P check_exports.cmake: fails unless the library exports its entry and no more.
execute_process(COMMAND ${NM} -D --defined-only ${FILE} OUTPUT_VARIABLE symbols RESULT_VARIABLE failed)
string(REGEX REPLACE "[^\n]* " "" names "${symbols}")
string(STRIP "${names}" names)
if(failed OR NOT names STREQUAL "millrace_module_v1")
  file(REMOVE ${FILE})
  string(REPLACE "\n" ", " names "${names}")
  message(FATAL_ERROR "${FILE} must export millrace_module_v1 and nothing else, but exports: ${names}\n"
                      "Is MILLRACE_PLUGIN(…) missing?")
endif()
# Where the umask leaves files writable for the group, the host would refuse its own plugins.
file(CHMOD ${FILE} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
get_filename_component(dir ${FILE} DIRECTORY)
file(CHMOD ${dir} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
