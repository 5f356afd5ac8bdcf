# Tests mirror the tree. `heddle_tests` runs all of them with float; `heddle_tests_double` those of the numeric part
# with double.
file(GLOB test_sources CONFIGURE_DEPENDS tests/*.cpp tests/framework/*.cpp tests/models/*.cpp tests/data/*.cpp tests/train/*.cpp)
file(GLOB test_sources_double CONFIGURE_DEPENDS tests/catch_main.cpp tests/framework/*.cpp tests/models/*.cpp)

add_executable(heddle_tests ${test_sources})
target_link_libraries(heddle_tests PRIVATE heddle_core)
add_executable(heddle_tests_double ${test_sources_double})
target_link_libraries(heddle_tests_double PRIVATE heddle_double)
foreach(tests heddle_tests heddle_tests_double)
  target_compile_definitions(${tests} PRIVATE HEDDLE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
endforeach()
target_compile_definitions(heddle_tests PRIVATE HEDDLE_PROGRAM="$<TARGET_FILE:heddle>")  # tests run the program itself
add_dependencies(heddle_tests heddle)
# Every test case is a test of ctest's, so that they run side by side and the failing one is named.
# Under the sanitizers, where all is ten times slower, the long trainings stay out.
include(Catch)
set(wanted "*")
if(HEDDLE_SANITIZE)
  set(wanted "~[slow]")
endif()
catch_discover_tests(heddle_tests TEST_SPEC ${wanted} PROPERTIES TIMEOUT 600)
catch_discover_tests(heddle_tests_double TEST_SPEC ${wanted} TEST_PREFIX "double: " PROPERTIES TIMEOUT 600)
add_test(NAME includes COMMAND ${CMAKE_SOURCE_DIR}/tests/includes.sh ${CMAKE_SOURCE_DIR})
