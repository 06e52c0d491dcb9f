#!/usr/bin/env bash
# Fetches what the ONNX Runtime adapters are built and tested with, into a cache folder, once:
#   include/              C headers of 1.23 (Debian testing's libonnxruntime-dev, unpacked, not installed)
#   lib/VERSION/          libonnxruntime.so.1 of 1.30.0 and 1.17.3, which is older than plugin providers (npm onnxruntime-node), and of
#                         1.28.2 (npm sherpa-onnx-linux-x64)
# Prints the folder. What cannot be had is left out, with a line on stderr that says why.
set -euo pipefail
cache=${OLSTM_ORT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/olstm/onnxruntime}
mkdir -p "$cache/lib"
say() { echo "get_onnxruntime: $*" >&2; }

get_headers() {
  [ ! -f "$cache/include/onnxruntime_ep_c_api.h" ] || return 0
  command -v apt-get >/dev/null || { say "no headers: apt-get is absent"; return 0; }
  local work mirror
  work=$(mktemp -d)
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -n 1)
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror testing main" >"$work/sources.list"
  local options=(-qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=
                 -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache")
  if apt-get "${options[@]}" update && (cd "$work" && apt-get "${options[@]}" download libonnxruntime-dev) &&
     dpkg -x "$work"/libonnxruntime-dev_*.deb "$work/root"; then
    rm -rf "$cache/include"
    cp -r "$work/root/usr/include/onnxruntime" "$cache/include"
  else
    say "no headers: Debian testing's libonnxruntime-dev could not be fetched"
  fi
  rm -rf "$work"
}

# get_library VERSION NPM_PACKAGE
get_library() {
  local version=$1 package=$2 work found
  [ ! -e "$cache/lib/$version/libonnxruntime.so.1" ] || return 0
  command -v npm >/dev/null || { say "no library $version: npm is absent"; return 0; }
  work=$(mktemp -d)
  echo '{"private":true}' >"$work/package.json"
  if (cd "$work" && npm install --silent --no-audit --no-fund --ignore-scripts "$package" >/dev/null 2>&1) &&
     found=$(find "$work/node_modules" -path '*linux/x64*' -name 'libonnxruntime.so*' -size +1M -o \
                  -path '*linux-x64*' -name 'libonnxruntime.so*' -size +1M | head -n 1) && [ -n "$found" ]; then
    mkdir -p "$cache/lib/$version"
    cp "$found" "$cache/lib/$version/libonnxruntime.so.1"
  else
    say "no library $version: npm package $package could not be installed"
  fi
  rm -rf "$work"
}

get_headers
get_library 1.30.0 onnxruntime-node@1.30.0
get_library 1.28.2 sherpa-onnx-linux-x64@1.13.8
get_library 1.17.3 onnxruntime-node@1.17.3
echo "$cache"
