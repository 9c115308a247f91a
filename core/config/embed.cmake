# cmake -DINPUT=file -DOUTPUT=file.cc -DNAME=symbol -P embed.cmake
# As bytes, not as a string literal: no delimiter, escape or length limit can get in the way.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "((0x..,){20})" "\\1\n" bytes "${bytes}")
get_filename_component(source ${INPUT} NAME)
file(WRITE ${OUTPUT} "// Made from ${source}.
#include <cstddef>
extern const unsigned char ${NAME}[];
extern const std::size_t ${NAME}_size;
const unsigned char ${NAME}[] = {
${bytes}};
const std::size_t ${NAME}_size = sizeof(${NAME});
")
