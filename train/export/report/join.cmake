# cmake -D FOLDER=... -D OUTPUT=... -P join.cmake: makes one page of page.html, page.css and the scripts, in the order of
# their names, and a C++ source that holds it.
file(READ ${FOLDER}/page.html page)
file(READ ${FOLDER}/page.css style)
file(GLOB scripts ${FOLDER}/*.js)
list(SORT scripts)
set(script "\n(() => {\n'use strict';\n")
foreach(path IN LISTS scripts)
  file(READ ${path} one)
  string(APPEND script "${one}")
endforeach()
string(APPEND script "})();\n")

# The page's policy names its one script by the hash of it, so no other runs: SHA-256 in base64, three digits of 16 being
# two of 64.
string(SHA256 hash "${script}")
set(digits ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
set(base64)
foreach(at RANGE 0 63 3)
  string(SUBSTRING "${hash}00" ${at} 3 three)
  math(EXPR high "0x${three} >> 6")
  math(EXPR low "0x${three} & 63")
  string(SUBSTRING ${digits} ${high} 1 first)
  string(SUBSTRING ${digits} ${low} 1 second)
  string(APPEND base64 ${first}${second})
endforeach()
string(SUBSTRING ${base64} 0 43 base64)

foreach(part style script base64)
  string(REPLACE "{{${part}}}" "${${part}}" page "${page}")
endforeach()

set(end page_of_heddle)
if(page MATCHES "\\)${end}\"")
  message(FATAL_ERROR "the page holds )${end}\", which ends a literal")
endif()
file(WRITE ${OUTPUT}.new "// Made by train/export/report/join.cmake.
#include <string_view>

namespace heddle {

extern const std::string_view kReportPage;
const std::string_view kReportPage = R\"${end}(${page})${end}\";

}  // namespace heddle
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
