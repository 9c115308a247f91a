# Plugins that are bad, each in its own way, and the program that inspects files.
set(bad_dir ${CMAKE_BINARY_DIR}/bad_plugins)
file(MAKE_DIRECTORY ${bad_dir})
file(CHMOD ${bad_dir} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
file(GLOB bad_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/bad/*.c)
foreach(source ${bad_sources})
  get_filename_component(stem ${source} NAME_WE)
  add_library(bad_${stem} MODULE ${source})
  target_link_libraries(bad_${stem} PRIVATE millrace::sdk)
  set_target_properties(bad_${stem} PROPERTIES PREFIX "" OUTPUT_NAME ${stem} SUFFIX ".mrp.so"
    LIBRARY_OUTPUT_DIRECTORY ${bad_dir} C_VISIBILITY_PRESET hidden)
  target_link_options(bad_${stem} PRIVATE LINKER:-z,lazy)
  add_dependencies(test_plugin bad_${stem})
endforeach()
millrace_add_plugin(misbehave SOURCES ${CMAKE_CURRENT_LIST_DIR}/bad/misbehave.cc OUTPUT_DIR ${bad_dir})

add_executable(inspect_program ${CMAKE_CURRENT_LIST_DIR}/inspect_program.cc)
target_link_libraries(inspect_program PRIVATE millrace_plugin)
add_dependencies(test_plugin misbehave inspect_program)
target_compile_definitions(test_plugin PRIVATE
  MILLRACE_BAD_DIR="${bad_dir}" MILLRACE_INSPECT="$<TARGET_FILE:inspect_program>")
