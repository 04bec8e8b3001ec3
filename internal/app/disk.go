package app

import (
	"bytes"
	"image/png"
	"syscall"

	qrcode "github.com/skip2/go-qrcode"
)

// diskSpace returns the free and the whole bytes of the disk below dir; zeros
// when it cannot be asked.
func diskSpace(dir string) (free, total int64) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, 0
	}
	return int64(s.Bavail) * s.Bsize, int64(s.Blocks) * s.Bsize
}

// qrPNG draws an address as a QR code.
func qrPNG(address string) ([]byte, error) {
	q, err := qrcode.New(address, qrcode.Medium)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, q.Image(480)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
