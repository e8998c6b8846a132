#!/usr/bin/env bash
# dist-recipes.sh VERSION: what Homebrew, winget and Arch's AUR are given, about the archives in
# dist/.
set -euo pipefail
cd "$(dirname "$0")/../dist"
version=$1
site=https://github.com/xelpack/xelpack
from=$site/releases/download/v$version
sum() { sha256sum "$1" | cut -d ' ' -f 1; }
name() { echo "xelpack-$version-$1"; }
about="Ground imagery for X-Plane, packed before the flight"

cat >xelpack.rb <<RUBY
class Xelpack < Formula
  desc "$about"
  homepage "$site"
  version "$version"
  license "MIT"
$(for pair in macos-arm64:on_arm:on_macos macos-amd64:on_intel:on_macos linux-arm64:on_arm:on_linux linux-amd64:on_intel:on_linux; do
  IFS=: read -r target processor system <<<"$pair"
  printf '\n  %s do\n    %s do\n      url "%s/%s.tar.gz"\n      sha256 "%s"\n    end\n  end\n' \
    "$system" "$processor" "$from" "$(name $target)" "$(sum "$(name $target).tar.gz")"
done)

  def install
    bin.install "xelpack"
    man1.install Dir["man/*.1.gz"]
    bash_completion.install "completions/xelpack.bash" => "xelpack"
    zsh_completion.install "completions/xelpack.zsh" => "_xelpack"
    fish_completion.install "completions/xelpack.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/xelpack version")
  end
end
RUBY

mkdir -p winget
cat >winget/xelpack.xelpack.yaml <<YAML
PackageIdentifier: xelpack.xelpack
PackageVersion: $version
DefaultLocale: en-US
ManifestType: version
ManifestVersion: 1.6.0
YAML
cat >winget/xelpack.xelpack.locale.en-US.yaml <<YAML
PackageIdentifier: xelpack.xelpack
PackageVersion: $version
PackageLocale: en-US
Publisher: xelpack
PackageName: xelpack
PackageUrl: $site
License: MIT
ShortDescription: $about
ManifestType: defaultLocale
ManifestVersion: 1.6.0
YAML
cat >winget/xelpack.xelpack.installer.yaml <<YAML
PackageIdentifier: xelpack.xelpack
PackageVersion: $version
InstallerType: zip
NestedInstallerType: portable
NestedInstallerFiles:
  - RelativeFilePath: $(name windows-amd64)\\xelpack.exe
    PortableCommandAlias: xelpack
Installers:
  - Architecture: x64
    InstallerUrl: $from/$(name windows-amd64).zip
    InstallerSha256: $(sum "$(name windows-amd64).zip" | tr a-f A-F)
ManifestType: installer
ManifestVersion: 1.6.0
YAML
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -cf - winget | gzip -9 -n >winget.tar.gz
rm -r winget

cat >PKGBUILD <<SH
pkgname=xelpack-bin
pkgver=${version//-/}
pkgrel=1
pkgdesc="$about"
arch=(x86_64 aarch64)
url="$site"
license=(MIT)
optdepends=('fuse3: mounts for ordinary users')
provides=(xelpack)
conflicts=(xelpack)
source_x86_64=("$from/$(name linux-amd64).tar.gz")
source_aarch64=("$from/$(name linux-arm64).tar.gz")
sha256sums_x86_64=($(sum "$(name linux-amd64).tar.gz"))
sha256sums_aarch64=($(sum "$(name linux-arm64).tar.gz"))

package() {
  cd xelpack-$version-linux-*
  install -Dm755 xelpack "\$pkgdir/usr/bin/xelpack"
  install -Dm644 -t "\$pkgdir/usr/share/man/man1" man/*.1.gz
  install -Dm644 completions/xelpack.bash "\$pkgdir/usr/share/bash-completion/completions/xelpack"
  install -Dm644 completions/xelpack.zsh "\$pkgdir/usr/share/zsh/site-functions/_xelpack"
  install -Dm644 completions/xelpack.fish "\$pkgdir/usr/share/fish/vendor_completions.d/xelpack.fish"
  sed 's|%h/.local/bin/xelpack|/usr/bin/xelpack|' xelpack@.service |
    install -Dm644 /dev/stdin "\$pkgdir/usr/lib/systemd/user/xelpack@.service"
  install -Dm644 LICENSE "\$pkgdir/usr/share/licenses/xelpack/LICENSE"
  install -Dm644 -t "\$pkgdir/usr/share/doc/xelpack/licenses" licenses/*
}
SH
