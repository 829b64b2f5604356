;;; explog-cache.el --- What is known of experiments  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What Emacs knows of experiments without looking at a file.  Whoever
;; shows something of one, while fontifying or completing say, takes what
;; is here and does not wait: what is not known yet is asked for in the
;; background, many ids with one request, and
;; `explog-cache-changed-functions' tells when it has come.
;;
;; The server says when a log or a history changed.  What is known is
;; then old, but still of use until the next answer.  When the server
;; stops, everything is forgotten.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'seq)
(require 'subr-x)

;; Whoever shows something may load this file, amid redisplay even; only
;; what asks the server loads that.
(autoload 'explog-server-call "explog-server")
(autoload 'explog-server-call-sync "explog-server")
(autoload 'explog-server-ready-p "explog-server")
(defvar explog-server-stopped-hook)

;;;; Experiments and steps

(cl-defstruct (explog-cache-experiment (:type vector) (:copier nil))
  "An experiment as the server describes it.
IDENT is its id, TODO its keyword or nil, and DONE non-nil if that is one
for what is done.  LINE is that of its heading in FILE, which is the
archive of a log if ARCHIVED.  PROBLEM is what is wrong with it, a
sentence, or nil.  STEPS are `explog-cache-step's."
  ident title todo done file line archived problem steps)

(cl-defstruct (explog-cache-step (:type vector) (:copier nil))
  "A step of an experiment.
NUMBER is a string as \"1.2\", BOX is \"X\", \" \", \"-\" or nil for none,
and TEXT and HASH are what stands there; HASH may be nil.  COMMIT, a full
id, and its REPOSITORY are nil if the commit is not known."
  number box text hash line repository commit)

(cl-defstruct (explog-cache-summary (:type vector) (:copier nil))
  "An experiment in short.
TICKED is how many boxes of its STEPS with a box are ticked, and TOUCHED
when the last commit for it was made, in seconds since 1970, or nil; the
other slots are those of `explog-cache-experiment'."
  ident title todo done file line archived ticked steps touched)

(defun explog-cache-steps-of (experiment)
  "Return each step of EXPERIMENT, a value of `explog-cache-get'."
  (and (vectorp experiment) (explog-cache-experiment-steps experiment)))

(defun explog-cache-find-step (experiment number)
  "Return the step NUMBER of EXPERIMENT, a value of `explog-cache-get', or nil."
  (seq-find (lambda (step) (equal number (explog-cache-step-number step)))
            (explog-cache-steps-of experiment)))

;;;; Changes are told

(defvar explog-cache-changed-functions nil
  "Abnormal hook run when something else is known of experiments.
Each function is called with the list of ids that changed or became
known, or with t if it may be any.  The list is empty when what
`explog-cache-experiments' returns is complete.")

(defvar explog-cache--delay 0.05
  "Seconds in which ids are gathered for one request.")

(defconst explog-cache--batch 200
  "How many ids one request asks for.")

(defconst explog-cache--most 2000
  "How many experiments are kept for sure; twice as many at most.")

;;;; Answers that are kept

(defvar explog-cache--tick 0
  "Grows with each change that the server tells of.")

(defvar explog-cache--young (make-hash-table :test #'equal)
  "Maps ids to (TICK . VALUE), as they were answered or looked at of late.
VALUE is what `explog-cache-get' returns.  It is old if TICK is not the
value of `explog-cache--tick'.")

(defvar explog-cache--old (make-hash-table :test #'equal)
  "What `explog-cache--young' was before it was full.")

(defvar explog-cache--problems nil
  "What the server says of logs that it cannot read, strings.")

(defun explog-cache--entry (id)
  "Return the entry (TICK . VALUE) of ID, or nil."
  (or (gethash id explog-cache--young)
      (when-let ((entry (gethash id explog-cache--old)))
        (explog-cache--keep id entry))))

(defun explog-cache--keep (id entry)
  "Keep ENTRY, (TICK . VALUE), for ID, and return it."
  (when (>= (hash-table-count explog-cache--young) explog-cache--most)
    (setq explog-cache--old explog-cache--young
          explog-cache--young (make-hash-table :test #'equal)))
  (puthash id entry explog-cache--young))

(defun explog-cache-get (id)
  "Return what is known of the experiment ID, and do not wait.
That is an `explog-cache-experiment', or nil if it is not known yet; or
`unknown' if no log has it, or `other' if no log has it and ID most
likely means something else, as in `[e2e]'.  What is not known, or old,
is asked for in the background."
  (let ((entry (explog-cache--entry id)))
    (unless (and entry (= (car entry) explog-cache--tick))
      (explog-cache--want id))
    (cdr entry)))

(defun explog-cache-problems ()
  "Return what there is to say of logs that cannot be read, a list of strings."
  explog-cache--problems)

;;;; Asking

(defvar explog-cache--wanted nil
  "Ids to ask for soon, the newest first.")

(defvar explog-cache--asked (make-hash-table :test #'equal)
  "Has the ids as keys that are wanted, or asked for and not answered yet.")

(defvar explog-cache--timer nil
  "The timer that asks for what is wanted, or nil.")

(defun explog-cache-usable-p ()
  "Return non-nil if there is a server to ask."
  (and explog-mode (featurep 'explog-server) (explog-server-ready-p)))

(defun explog-cache--want (id)
  "Ask for ID soon, if there is a server and ID is not asked for already."
  (when (and (explog-cache-usable-p)
             (not (gethash id explog-cache--asked)))
    (puthash id t explog-cache--asked)
    (push id explog-cache--wanted)
    (unless explog-cache--timer
      (setq explog-cache--timer
            (run-with-timer explog-cache--delay nil #'explog-cache--ask)))))

(defun explog-cache--ask ()
  "Ask for what is wanted."
  (setq explog-cache--timer nil)
  (dolist (ids (seq-partition (nreverse explog-cache--wanted) explog-cache--batch))
    (explog-server-call
     "describe" (list ids)
     :success (apply-partially #'explog-cache--answered ids explog-cache--tick)
     :error (lambda (_problem) (explog-cache--settled ids))))
  (setq explog-cache--wanted nil))

(defun explog-cache--settled (ids)
  "Note that IDS are asked for no longer."
  (dolist (id ids)
    (remhash id explog-cache--asked)))

(defun explog-cache--answered (ids tick answer)
  "Keep ANSWER, the server's, to the request for IDS that was made at TICK."
  (explog-cache--settled ids)
  (when-let ((changed (explog-cache--learn ids tick answer)))
    (run-hook-with-args 'explog-cache-changed-functions changed))
  (unless (= tick explog-cache--tick)
    ;; It may be old already, and who has asked does not ask again.
    (mapc #'explog-cache--want ids)))

(defun explog-cache--learn (ids tick answer)
  "Keep ANSWER to the request for IDS made at TICK; return the ids that changed."
  (pcase-let ((`(,complete ,problems ,rows ,others) answer)
              (found (make-hash-table :test #'equal))
              (changed nil))
    (setq explog-cache--problems (append problems nil))
    (seq-doseq (id others)
      (puthash id 'other found))
    (seq-doseq (row rows)
      (cl-callf append (explog-cache-experiment-steps row) nil) ; a list
      (puthash (explog-cache-experiment-ident row) row found))
    (dolist (id ids (nreverse changed))
      (let ((value (or (gethash id found) (and complete 'unknown)))
            (entry (explog-cache--entry id)))
        (when value                     ; else it is asked for again after a change
          (unless (equal value (cdr entry))
            (push id changed))
          (explog-cache--keep id (cons tick value)))))))

(defun explog-cache-fetch (id)
  "Return what `explog-cache-get' does for ID, but wait for the server.
This is for commands."
  (let* ((tick explog-cache--tick)
         (answer (explog-cache--call "describe" (list (list id))))
         (changed (explog-cache--learn (list id) tick answer)))
    (when changed
      (run-hook-with-args 'explog-cache-changed-functions changed))
    (if (or (car answer)
            (seq-some (lambda (row) (equal id (explog-cache-experiment-ident row)))
                      (nth 2 answer)))
        (cdr (explog-cache--entry id))
      (user-error "The logs are still being read"))))

(defun explog-cache--call (method args)
  "Call METHOD of the server with ARGS, wait, and return what it answers.
Whatever goes wrong is a `user-error'."
  (explog-need-mode)
  (condition-case err
      (explog-server-call-sync method args)
    (explog-error (user-error "%s" (nth 2 err)))))

;;;; All experiments

(defconst explog-cache--page 1000
  "How many experiments come with one answer.
Emacs takes a few milliseconds for that.")

(defvar explog-cache--all nil
  "The summaries of all experiments, in the order of their logs.")

(defvar explog-cache--all-tick nil
  "As of which tick `explog-cache--all' is; nil if it was never complete.")

(defvar explog-cache--loading nil
  "What is being loaded: (TICK . SUMMARIES), those so far in no order, or nil.")

(defun explog-cache-experiments ()
  "Return summaries of all experiments as far as known, and do not wait.
They are `explog-cache-summary's in the order of their logs.  What is
old, or not known yet, is asked for in the background."
  (unless (or explog-cache--loading
              (eql explog-cache--all-tick explog-cache--tick)
              (not (explog-cache-usable-p)))
    (setq explog-cache--loading (list explog-cache--tick))
    (explog-cache--load 0 explog-cache--loading))
  explog-cache--all)

(defun explog-cache--load (after loading)
  "Ask for the page of experiments after number AFTER; LOADING is what there is."
  (explog-server-call
   "experiments" (list after explog-cache--page)
   :success (lambda (answer)
              (when (eq loading explog-cache--loading)
                (if-let ((next (explog-cache--take-page answer loading)))
                    (explog-cache--load next loading)
                  (explog-cache--loaded loading)
                  (run-hook-with-args 'explog-cache-changed-functions nil))))
   :error (lambda (_problem)
            (when (eq loading explog-cache--loading)
              (setq explog-cache--loading nil)))))

(defun explog-cache--take-page (answer loading)
  "Add ANSWER, a page of the server's, to LOADING.
Return the number after which the next page begins, or nil."
  (pcase-let ((`(,next ,files ,rows) answer))
    (seq-doseq (row rows)
      (cl-callf2 aref files (explog-cache-summary-file row))
      (push row (cdr loading)))
    next))

(defun explog-cache--loaded (loading)
  "Have all experiments be those of LOADING."
  (setq explog-cache--loading nil
        explog-cache--all-tick (car loading)
        explog-cache--all (sort (cdr loading) #'explog-cache--before-p)))

(defun explog-cache--before-p (one other)
  "Return non-nil if the summary ONE comes before OTHER in the logs."
  (let ((file (explog-cache-summary-file one))
        (other-file (explog-cache-summary-file other)))
    (if (string= file other-file)
        (< (explog-cache-summary-line one) (explog-cache-summary-line other))
      (string< file other-file))))

(defun explog-cache-experiments-fetch ()
  "Return what `explog-cache-experiments' does, but wait for what is new.
This is for commands."
  (unless (and (eql explog-cache--all-tick explog-cache--tick)
               (explog-cache-usable-p))
    (let ((loading (list explog-cache--tick))
          (after 0))
      (while (setq after (explog-cache--take-page
                          (explog-cache--call "experiments"
                                              (list after explog-cache--page))
                          loading)))
      (explog-cache--loaded loading)))
  explog-cache--all)

;;;; Changes

(defun explog-cache-changed (&optional ids)
  "Note that experiments changed: those with IDS, or any if that is nil.
The server calls this."
  (if ids
      (dolist (id ids)
        (when-let ((entry (explog-cache--entry id)))
          (setcar entry -1)))
    (setq explog-cache--tick (1+ explog-cache--tick)))
  (setq explog-cache--all-tick nil)
  ;; The server waits for an answer, and is not to wait for the hook.
  (run-with-timer 0 nil #'run-hook-with-args
                  'explog-cache-changed-functions (or ids t))
  t)

(defun explog-cache-forget ()
  "Forget everything, as the server has stopped."
  (when explog-cache--timer
    (cancel-timer explog-cache--timer))
  (setq explog-cache--timer nil
        explog-cache--wanted nil
        explog-cache--problems nil
        explog-cache--all nil
        explog-cache--all-tick nil
        explog-cache--loading nil
        explog-cache--tick (1+ explog-cache--tick))
  (clrhash explog-cache--young)
  (clrhash explog-cache--old)
  (clrhash explog-cache--asked)
  (run-hook-with-args 'explog-cache-changed-functions t))

(add-hook 'explog-server-stopped-hook #'explog-cache-forget)

(provide 'explog-cache)
;;; explog-cache.el ends here
