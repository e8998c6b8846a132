//go:build !squish

package main

func squish(_, _ []byte) bool { return false }
