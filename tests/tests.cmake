# Tests mirror the tree. `heddle_tests` runs all of them with float; `heddle_tests_double` those of the numeric part
# with double. Every test case is a test of ctest's, so that they run side by side and the failing one is named.
find_package(Catch2 2 REQUIRED)
include(Catch)

# add_tests(TARGET LIBRARY PREFIX SOURCES...)
function(add_tests target library prefix)
  add_executable(${target} ${ARGN})
  target_link_libraries(${target} PRIVATE ${library} heddle_flags hdf5::hdf5)  # tests look into archives
  target_compile_options(${target} PRIVATE -O1)  # Catch's macros take long to optimize, and gain nothing from it
  target_compile_definitions(${target} PRIVATE HEDDLE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" HEDDLE_PROGRAM="$<TARGET_FILE:heddle>")
  add_dependencies(${target} heddle)  # some tests run the program itself
  set(wanted "~[of_ranks]")  # those are for several processes, as ranks_test.cpp starts them
  if(HEDDLE_SANITIZE)
    # all is ten times slower there: the long trainings stay out; and the sanitizers want threads and addresses themselves
    set(wanted "~[slow]~[limits]~[of_ranks]")
  endif()
  # a name that ctest cannot hand over, such as one with a semicolon, would find no test and pass
  catch_discover_tests(${target} TEST_SPEC ${wanted} EXTRA_ARGS -w NoTests TEST_PREFIX "${prefix}"
                       PROPERTIES TIMEOUT 600)
endfunction()

file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS tests/*_test.cpp)
# Every search for bytes that a reader does not stand has a function of the same name; here it is called by its file's.
file(GLOB fuzz_sources CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} tests/fuzz/fuzz_*.cpp)
set(fuzz_targets)
foreach(source ${fuzz_sources})
  cmake_path(GET source STEM target)
  set_source_files_properties(${source} PROPERTIES COMPILE_DEFINITIONS LLVMFuzzerTestOneInput=${target})
  string(APPEND fuzz_targets "TARGET(${target})")
endforeach()
set_source_files_properties(tests/fuzz/replay_test.cpp PROPERTIES COMPILE_DEFINITIONS "HEDDLE_FUZZ_TARGETS=${fuzz_targets}")
list(APPEND test_sources tests/catch_main.cpp tests/system_calls.cpp ${fuzz_sources})
add_tests(heddle_tests heddle_commands "" ${test_sources})
target_link_libraries(heddle_tests PRIVATE ZLIB::ZLIB PkgConfig::ZSTD PkgConfig::SNDFILE)  # tests pack files, write sounds
if(NOT HEDDLE_SANITIZE)  # the same sources: once under the sanitizers is enough
  file(GLOB_RECURSE test_sources_double CONFIGURE_DEPENDS tests/framework/*_test.cpp tests/models/*_test.cpp)
  heddle_library(models_double ${model_sources} ${archive_sources})
  target_link_libraries(heddle_models_double PUBLIC heddle_framework_double PRIVATE hdf5::hdf5)
  add_tests(heddle_tests_double heddle_models_double "double: " tests/catch_main.cpp tests/system_calls.cpp ${test_sources_double})
endif()

# the program's beginning, as if it were compiled for a processor that nobody has any more
add_executable(heddle_elsewhere train/startup.cpp tests/train/elsewhere.cpp)
target_compile_definitions(heddle_elsewhere PRIVATE "HEDDLE_FEATURES=NEEDS(sse2)NEEDS(xop)NEEDS(fma4)")
target_link_libraries(heddle_elsewhere PRIVATE heddle_flags)
add_dependencies(heddle_tests heddle_elsewhere)
target_compile_definitions(heddle_tests PRIVATE HEDDLE_ELSEWHERE="$<TARGET_FILE:heddle_elsewhere>")

# the same without MPI, whether it is here or not
add_executable(heddle_alone tests/train/alone.cpp framework/system/ranks.cpp framework/system/cores.cpp)
target_include_directories(heddle_alone PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(heddle_alone PRIVATE heddle_flags)
add_dependencies(heddle_tests heddle_alone)
target_compile_definitions(heddle_tests PRIVATE HEDDLE_ALONE="$<TARGET_FILE:heddle_alone>")

add_test(NAME includes COMMAND ${PROJECT_SOURCE_DIR}/tests/includes.sh ${PROJECT_SOURCE_DIR})
if(HEDDLE_INSTALL AND NOT HEDDLE_SANITIZE)  # others link without the sanitizers
  add_test(NAME package COMMAND ${PROJECT_SOURCE_DIR}/tests/package/run.sh ${PROJECT_BINARY_DIR})
endif()

# What `heddle report` writes, in a browser without a window; without one the test says so and is skipped.
find_program(HEDDLE_CHROMIUM NAMES chromium chromium-browser google-chrome)
find_program(HEDDLE_CHROMEDRIVER NAMES chromedriver)
find_program(HEDDLE_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)  # Debian's, which has python3-selenium
add_test(NAME report_browser COMMAND ${PROJECT_SOURCE_DIR}/tests/train/export/report/report_browser.sh $<TARGET_FILE:heddle>
         ${HEDDLE_PYTHON} ${HEDDLE_CHROMIUM} ${HEDDLE_CHROMEDRIVER})
set_tests_properties(report_browser PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)

# What a run writes for TensorBoard, read by TensorBoard; where Python has none the test says so and is skipped.
find_program(HEDDLE_TENSORBOARD_PYTHON NAMES python3)
add_test(NAME tensorboard COMMAND ${PROJECT_SOURCE_DIR}/tests/train/export/tensorboard/read_back.sh $<TARGET_FILE:heddle>
         ${HEDDLE_TENSORBOARD_PYTHON})
set_tests_properties(tensorboard PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120)
