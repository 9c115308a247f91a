# cmake -DNAME= -DFILES=a|b -DHEADER= -P embed_schema.cmake
# Writes each file as an array of bytes: quotes, newlines, semicolons and size cannot hurt.
string(REPLACE "|" ";" FILES "${FILES}")
set(text "#pragma once\n// Generated; edit the JSON file instead.\nnamespace millrace::schema {\n")
foreach(file ${FILES})
  get_filename_component(stem ${file} NAME_WE)
  if(stem STREQUAL "schema")
    set(stem ${NAME})
  endif()
  string(MAKE_C_IDENTIFIER ${stem} stem)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND text "inline constexpr char ${stem}_bytes[] = {\n${bytes}'\\0'};\n"
                     "inline constexpr const char* ${stem} = ${stem}_bytes;\n")
endforeach()
string(APPEND text "}  // namespace millrace::schema\n")
file(WRITE ${HEADER} "${text}")
