# Installs the SDK, builds a copy of the template against it outside of the tree, and has the host's
# own code and the host list and run the result. Then: builds that must fail do.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(failed)
    message(FATAL_ERROR "${ARGN}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

set(ENV{CMAKE_GENERATOR} Ninja)  # `./dev` installs no make.
file(REMOVE_RECURSE ${WORK})
set(prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} --install ${BUILD} --component sdk --prefix ${prefix})
file(COPY ${prefix}/share/millrace/sdk/template DESTINATION ${WORK})
run(${CMAKE_COMMAND} -S ${WORK}/template -B ${WORK}/build -DCMAKE_PREFIX_PATH=${prefix})
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${CMAKE_CTEST_COMMAND} --test-dir ${WORK}/build --output-on-failure)

file(MAKE_DIRECTORY ${WORK}/folder)
file(COPY ${WORK}/build/source_counter.mrp.so DESTINATION ${WORK}/folder
     FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ WORLD_READ)
file(CHMOD ${WORK}/folder PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
run(${CMAKE_COMMAND} -E env XDG_CACHE_HOME=${WORK}/cache ${LIST} ${WORK}/folder)
if(NOT output STREQUAL "source org.example.counter 1.0.0 10 records\n")
  message(FATAL_ERROR "unexpected list: ${output}")
endif()

# The program itself, as it was built before the plugin existed.
run(${CMAKE_COMMAND} -E env XDG_CACHE_HOME=${WORK}/cache ${MILLRACE} plugins --plugins ${WORK}/folder)
if(NOT output MATCHES "source +counter +1\\.0\\.0")
  message(FATAL_ERROR "the host does not list it: ${output}")
endif()
file(WRITE ${WORK}/count.json [[{
  "pipeline": "count",
  "sources": {"n": {"plugin": "org.example.counter", "records": 4}},
  "sinks": {"out": {"from": "n", "plugin": "file", "path": "out.jsonl"}}
}]])
run(${CMAKE_COMMAND} -E chdir ${WORK} ${CMAKE_COMMAND} -E env XDG_CACHE_HOME=${WORK}/cache
    ${MILLRACE} run count.json --plugins ${WORK}/folder --plugins ${BUILD}/plugins)
file(READ ${WORK}/out.jsonl counted)
if(NOT counted STREQUAL "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n")
  message(FATAL_ERROR "the host ran it to: ${counted}\n${output}")
endif()

find_program(PKG_CONFIG pkg-config)
if(PKG_CONFIG)
  run(${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${prefix}/share/pkgconfig ${PKG_CONFIG} --cflags millrace-sdk)
  string(STRIP "${output}" output)
  string(REGEX REPLACE "^-I" "" include "${output}")
  if(NOT EXISTS "${include}/millrace/abi.h")
    message(FATAL_ERROR "pkg-config does not lead to the headers: ${output}")
  endif()
endif()

run(${CMAKE_COMMAND} -S ${TESTS}/broken_plugin -B ${WORK}/broken -DCMAKE_PREFIX_PATH=${prefix})
foreach(target no_entry undefined)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK}/broken --target ${target}
                  RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(NOT failed OR EXISTS ${WORK}/broken/${target}.mrp.so)
    message(FATAL_ERROR "${target} was built, although it must not")
  endif()
endforeach()
