# millrace_add_plugin(NAME SOURCES file… [LIBS library…] [SCHEMA schema.json…] [OUTPUT_DIR dir] [STATIC_RUNTIME])
#
# Makes NAME.mrp.so, a plugin that exports exactly one symbol; the link fails otherwise. Each SCHEMA
# file becomes a constant in the generated header NAME_schema.h: schema.json is
# millrace::schema::NAME, other.json is millrace::schema::other. In it "x-include": "shared.json" stands for the
# members of the object in that file.
# OUTPUT_DIR puts the file there (default in the tree: where the program looks).
# STATIC_RUNTIME links libstdc++ into the plugin, for binaries that shall run on older systems.
#
# Everything is a property of the target itself: flags set per directory are too easily set too late.
function(millrace_embed_schemas name)
  set(header ${CMAKE_CURRENT_BINARY_DIR}/${name}_schema/${name}_schema.h)
  set(files "")
  set(shared "")
  foreach(file ${ARGN})
    get_filename_component(file ${file} ABSOLUTE)
    list(APPEND files ${file})
    get_filename_component(folder ${file} DIRECTORY)
    file(STRINGS ${file} lines REGEX "\"x-include\"")
    foreach(line ${lines})
      string(REGEX REPLACE ".*\"x-include\": *\"([^\"]+)\".*" "${folder}/\\1" included "${line}")
      list(APPEND shared ${included})
    endforeach()
  endforeach()
  string(REPLACE ";" "|" joined "${files}")
  add_custom_command(OUTPUT ${header}
    COMMAND ${CMAKE_COMMAND} -DNAME=${name} "-DFILES=${joined}" -DHEADER=${header}
            -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed_schema.cmake
    DEPENDS ${files} ${shared} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed_schema.cmake
    COMMENT "Embedding the schema of ${name}" VERBATIM)
  target_sources(${name} PRIVATE ${header})
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${name}_schema)
endfunction()

function(millrace_add_plugin name)
  cmake_parse_arguments(ARG "STATIC_RUNTIME" "OUTPUT_DIR" "SOURCES;LIBS;SCHEMA" ${ARGN})
  if(NOT ARG_SOURCES)
    message(FATAL_ERROR "millrace_add_plugin(${name}): SOURCES is missing")
  endif()
  add_library(${name} MODULE ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE millrace::sdk ${ARG_LIBS})
  target_compile_features(${name} PRIVATE cxx_std_20)
  if(ARG_SCHEMA)
    millrace_embed_schemas(${name} ${ARG_SCHEMA})
  endif()

  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  set_target_properties(${name} PROPERTIES
    PREFIX "" SUFFIX ".mrp.so" POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    BUILD_RPATH_USE_ORIGIN ON INSTALL_RPATH "$ORIGIN" LINK_DEPENDS ${map})
  # GNU_UNIQUE symbols would be shared with other plugins behind the version script's back.
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  target_link_options(${name} PRIVATE
    LINKER:--version-script=${map} LINKER:--exclude-libs,ALL LINKER:-z,now LINKER:-z,relro LINKER:-z,nodelete)
  if(NOT MILLRACE_SANITIZE)  # Sanitizer symbols come from the program.
    target_link_options(${name} PRIVATE LINKER:-z,defs)
  endif()
  if(ARG_STATIC_RUNTIME)
    target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
  if(ARG_OUTPUT_DIR)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${ARG_OUTPUT_DIR})
  elseif(MILLRACE_PLUGIN_DIR)  # In the tree: where the program looks, built or installed.
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${MILLRACE_PLUGIN_DIR})
    install(TARGETS ${name} LIBRARY DESTINATION lib/millrace/plugins)
    set_property(GLOBAL APPEND PROPERTY MILLRACE_PLUGINS ${name})  # Walked by the conformance test.
  endif()
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -DFILE=$<TARGET_FILE:${name}> -DNM=${CMAKE_NM}
            -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/check_exports.cmake
    VERBATIM)
endfunction()
