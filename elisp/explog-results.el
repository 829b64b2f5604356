;;; explog-results.el --- Tables of what each step gave  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; The rows that the server sends of results: see methods/results.py there.

;;; Code:

(require 'cl-lib)

(cl-defstruct (explog-results-row (:type vector) (:constructor nil) (:copier nil))
  "A step, the commit on it, and what that gave, as the server sends it.
TITLE is the experiment's and TEXT the step's.  CELLS has an
`explog-results-cell' or nil for each metric, and PARAMETERS a string,
which may be empty, for each parameter."
  experiment step title text file line repository commit short date source n
  cells parameters)

(cl-defstruct (explog-results-cell (:type vector) (:constructor nil) (:copier nil))
  "A metric of a step: its TEXT, and its MEAN, which one can sort by.
MEAN is nil if it is no number.  BEST is non-nil if no other row has a
better one."
  text mean best)

(provide 'explog-results)

;;; explog-results.el ends here
