# room(PATH ROOMS … LINK … WITHOUT …): src/PATH/**.cpp as one static library cm4it_PATH; src/PATH/**_test.cpp as one
# test program PATH_test. ROOMS are linked publicly, so naming the nearest ones is enough. WITHOUT: a folder that is a room itself.

add_library(cm4it_options INTERFACE)
target_include_directories(cm4it_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(cm4it_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                       -Werror=switch -Werror=return-type -Werror=unused-result)
target_compile_definitions(cm4it_options INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
                           SPDLOG_FMT_EXTERNAL)
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)  # which members are used under which lock (base/mutex.h)
  target_compile_options(cm4it_options INTERFACE -Wthread-safety -Werror=thread-safety)
endif()
if(CM4IT_SANITIZE)
  target_compile_options(cm4it_options INTERFACE -fsanitize=${CM4IT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(cm4it_options INTERFACE -fsanitize=${CM4IT_SANITIZE})
  if(CM4IT_SANITIZE MATCHES undefined)
    # Two fifths of the time to compile. A null pointer that is used ends a process under the address sanitizer all the same.
    target_compile_options(cm4it_options INTERFACE -fno-sanitize=null,alignment,vptr)
  endif()
endif()
find_program(MOLD mold)
if(MOLD)
  target_link_options(cm4it_options INTERFACE -fuse-ld=mold)
endif()

# Several files of a room are compiled as one, which is several times as fast from nothing: what a header instantiates is
# instantiated once for all of them. So names in unnamed namespaces differ between the files of a room, and from its headers'.
# What is tested is compiled as what is shipped is; CM4IT_UNITY=OFF compiles each file by itself.
function(compile_together target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${CM4IT_UNITY} UNITY_BUILD_BATCH_SIZE 8)
endfunction()

function(room path)
  cmake_parse_arguments(R "" "WITHOUT" "ROOMS;LINK" ${ARGN})
  string(REPLACE "/" "_" name ${path})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${path}/*.cpp)
  if(R_WITHOUT)
    list(FILTER sources EXCLUDE REGEX "/src/${path}/${R_WITHOUT}/")
  endif()
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$|/main\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(sources)
    add_library(cm4it_${name} STATIC ${sources})
    compile_together(cm4it_${name})
    set(visibility PUBLIC)
  else()
    add_library(cm4it_${name} INTERFACE)
    set(visibility INTERFACE)
  endif()
  target_link_libraries(cm4it_${name} ${visibility} cm4it_options ${R_LINK})
  foreach(other ${R_ROOMS})
    string(REPLACE "/" "_" other ${other})
    target_link_libraries(cm4it_${name} ${visibility} cm4it_${other})
  endforeach()
  if(tests)
    add_executable(${name}_test ${tests})
    compile_together(${name}_test)
    target_link_libraries(${name}_test PRIVATE cm4it_${name} GTest::gmock GTest::gtest_main boost_json)  # vectors are JSON
    target_compile_definitions(${name}_test PRIVATE CM4IT_SHARED="${CM4IT_SHARED}")
    gtest_discover_tests(${name}_test TEST_PREFIX "${path}: " DISCOVERY_TIMEOUT 60)
  endif()
endfunction()
