package db

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/openstall/openstall/internal/kit/errs"
)

// IsUnique reports whether err says that a row with the same key exists.
func IsUnique(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505"
}

// IsCheck reports whether err says that a row would break a CHECK constraint.
func IsCheck(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_CHECK
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23514"
}

// IsDeadlock reports whether err says that PostgreSQL undid a transaction so that
// others could go on. Done again it may succeed; [DB.InTx] does not do that by itself,
// because what its callers gather outside of it would be gathered twice.
func IsDeadlock(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001")
}

// ErrFull is what a write returns when the disk has no room left. Nothing of it
// was kept; what was committed before stays.
var ErrFull = errs.New(errs.Unavailable, "server.full", "The market has run out of room. Nothing was changed. Try again later.", "服务器空间已满，没有做任何改动，请稍后再试。")

// full marks err as [ErrFull] if that is what it says.
func full(err error) error {
	if err != nil && IsFull(err) {
		return ErrFull.Because(err)
	}
	return err
}

// IsFull reports whether err says that the disk has no room left.
func IsFull(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code()&0xff == sqlite3.SQLITE_FULL || lite.Code() == sqlite3.SQLITE_IOERR_SHMSIZE // the shared index of the log could not grow
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "53100"
}
