# OneDnn::OneDnn. Debian's dnnl-config.cmake asks for OpenCL's development files, which we do not need: look for the two
# files ourselves.
find_library(OneDnn_LIBRARY dnnl)
find_path(OneDnn_INCLUDE_DIR dnnl.hpp)
mark_as_advanced(OneDnn_LIBRARY OneDnn_INCLUDE_DIR)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OneDnn REQUIRED_VARS OneDnn_LIBRARY OneDnn_INCLUDE_DIR)
if(OneDnn_FOUND AND NOT TARGET OneDnn::OneDnn)
  add_library(OneDnn::OneDnn UNKNOWN IMPORTED)
  set_target_properties(OneDnn::OneDnn PROPERTIES IMPORTED_LOCATION ${OneDnn_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${OneDnn_INCLUDE_DIR})
endif()
