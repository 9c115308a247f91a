# find_package(MillraceSDK 1) gives the target millrace::sdk and the function millrace_add_plugin().
include(${CMAKE_CURRENT_LIST_DIR}/MillraceSDKTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/MillracePlugin.cmake)
