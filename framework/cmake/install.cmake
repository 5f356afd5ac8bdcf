# `cmake --install` puts the program in bin, the libraries in lib with lib/cmake/heddle for find_package(heddle), and the
# headers in include/heddle, where they are included as here: "framework/tensor.h".
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(heddle_libraries heddle_framework heddle_framework_double heddle_archive heddle_data heddle_models heddle_train)
install(TARGETS ${heddle_libraries} EXPORT heddle INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/heddle)
if(TARGET heddle)
  install(TARGETS heddle)
endif()
# Not for others: the inner loops of ops, HDF5's own header, what has JSON in it, and the program's commands.
install(DIRECTORY framework data models train DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/heddle
        FILES_MATCHING PATTERN "*.h"
        PATTERN framework/ops EXCLUDE PATTERN framework/rows.h EXCLUDE PATTERN framework/archive/hdf5.h EXCLUDE
        PATTERN data/tokenizer/files EXCLUDE PATTERN train/commands EXCLUDE PATTERN train/bench EXCLUDE)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/heddle)
install(EXPORT heddle FILE heddleTargets.cmake NAMESPACE heddle:: DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/heddleConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES framework/cmake/heddleConfig.cmake framework/cmake/FindOneDnn.cmake ${PROJECT_BINARY_DIR}/heddleConfigVersion.cmake
        DESTINATION ${package_folder})
