# cmake -DNAME= -DFILES=a|b -DHEADER= -P embed_schema.cmake
# Writes each file as an array of bytes: quotes, newlines, semicolons and size cannot hurt.
# A member "x-include": "FILE" (beside the schema) is replaced by the members of the object in FILE, so that what
# several components share is described once. Nothing but text is changed: order and comments stay.
string(REPLACE "|" ";" FILES "${FILES}")

function(expand_includes file out)
  file(READ ${file} text)
  get_filename_component(folder ${file} DIRECTORY)
  while(text MATCHES "\"x-include\": *\"([^\"]+)\"")
    set(member "${CMAKE_MATCH_0}")
    file(READ ${folder}/${CMAKE_MATCH_1} shared)
    string(FIND "${shared}" "{" first)
    string(FIND "${shared}" "}" last REVERSE)
    math(EXPR first "${first} + 1")
    math(EXPR size "${last} - ${first}")
    string(SUBSTRING "${shared}" ${first} ${size} members)
    string(STRIP "${members}" members)
    string(REPLACE "${member}" "${members}" text "${text}")
  endwhile()
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

set(header "#pragma once\n// Generated; edit the JSON file instead.\nnamespace millrace::schema {\n")
foreach(file ${FILES})
  get_filename_component(stem ${file} NAME_WE)
  if(stem STREQUAL "schema")
    set(stem ${NAME})
  endif()
  string(MAKE_C_IDENTIFIER ${stem} stem)
  expand_includes(${file} text)
  string(HEX "${text}" hex)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND header "inline constexpr char ${stem}_bytes[] = {\n${bytes}'\\0'};\n"
                       "inline constexpr const char* ${stem} = ${stem}_bytes;\n")
endforeach()
string(APPEND header "}  // namespace millrace::schema\n")
file(WRITE ${HEADER} "${header}")
