;;; explog-about.el --- What a note or a step is about  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; Which experiment, step and commit the commands that write into a log
;; are about, by where they are called.  In a log it is the experiment
;; that the point is in, whatever it refers to there; elsewhere what
;; `explog-point-meant' finds.  Where nothing tells, the user is asked.
;;
;; An answer here is (ID . STEP), STEP being a string like "1.2" or nil.

;;; Code:

(require 'explog)
(require 'explog-point)
(require 'explog-ref)
(require 'seq)
(require 'subr-x)

(autoload 'explog-cache-read-experiment "explog-cache-read")
(autoload 'explog-cache-read-reference "explog-cache-read")

(defconst explog-about--patience 2
  "Seconds to wait for what is nice to know only.")

;;;; Experiment and step

(defun explog-about (prompt)
  "Return (ID . STEP) of what is meant here; ask with PROMPT where that is open."
  (or (explog-point-choose prompt (explog-about--meant))
      (list (explog-cache-read-experiment (concat prompt ": ")))))

(defun explog-about-step (prompt)
  "Ask with PROMPT for an experiment, and for a step of it; return (ID . STEP).
It begins with the experiment that is meant here, if there is one."
  (explog-ref-parse
   (explog-cache-read-reference (concat prompt ": ") (caar (explog-about--meant)))))

(defun explog-about-name (about)
  "Return ABOUT, (ID . STEP), as a reference without brackets."
  (explog-ref-string (car about) (cdr about)))

(defun explog-about--meant ()
  "Return a list of (ID . STEP), the likeliest first, of what may be meant here."
  (if-let ((here (explog-ref-in-log)))
      (list here)
    (explog-point-meant)))

;;;; The related commit

(defun explog-about-commit (about)
  "Return the abbreviated hash of the commit that a note on ABOUT is related to.
ABOUT is (ID . STEP).  It is the commit at point in magit, the last one
when another is being made, else the newest with a reference to ABOUT;
nil if there is none."
  (let ((point (and (not (explog-ref-in-log)) (explog-point))))
    (cond ((and point (explog-point-commit point))
           (explog-about--short point (explog-point-commit point)))
          ((explog-point-message-p) (explog-about--short nil "HEAD"))
          (t (explog-about--newest about)))))

(defun explog-about--short (point revision)
  "Return the abbreviated hash of REVISION in the repository of POINT."
  (explog-point-git point "rev-parse" "--short" "--verify" "--quiet" revision))

(defun explog-about--newest (about)
  "Return the hash of the newest commit for ABOUT, (ID . STEP), or nil.
One that only mentions it counts where there is no other."
  (let ((commits (and (explog-bridge-ready-p)
                      (ignore-errors
                        (explog-bridge-call-sync
                         "commits" (list (car about) (or (cdr about) ""))
                         :timeout explog-about--patience)))))
    (when-let ((commit (or (seq-find (lambda (commit)
                                       (not (equal "mention" (aref commit 7))))
                                     commits)
                           (seq-find #'identity commits))))
      (aref commit 1))))

(provide 'explog-about)
;;; explog-about.el ends here
