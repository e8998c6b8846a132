//go:build unix

package httpd

import "syscall"

const addressInUse = syscall.EADDRINUSE
