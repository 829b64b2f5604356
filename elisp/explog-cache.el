;;; explog-cache.el --- What is known of experiments  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What Emacs knows of experiments without reading a file.  Code that shows
;; experiments, such as fontification and completion, uses what is known
;; and never waits.  What is not known yet is requested from the server in
;; the background, many ids at once; `explog-cache-changed-functions' is
;; run when the answer arrives.
;;
;; The server tells when a log or a repository changed.  Values are then
;; outdated, but still used until the next answer.  When the server stops,
;; everything is forgotten.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'seq)
(require 'subr-x)

;; This file may be loaded during redisplay, so it must load fast.  The
;; server's client is loaded only when there is something to ask.
(autoload 'explog-server-call "explog-server")
(autoload 'explog-server-call-sync "explog-server")
(autoload 'explog-server-ready-p "explog-server")
(defvar explog-server-stopped-hook)

;;;; Experiments and steps

(cl-defstruct (explog-cache-experiment (:type vector) (:copier nil))
  "An experiment as the server describes it.
IDENT is the id, TODO the keyword or nil, and DONE tells whether the
keyword means done.  The heading is on LINE of FILE, which is the archive
of a log if ARCHIVED is non-nil.  PROBLEM is a sentence that says what is
wrong with the entry, or nil.  STEPS is a list of `explog-cache-step'."
  ident title todo done file line archived problem steps)

(cl-defstruct (explog-cache-step (:type vector) (:copier nil))
  "A step of an experiment.
NUMBER is a string like \"1.2\".  BOX is \"X\", \" \", \"-\", or nil if there
is no checkbox.  HASH is the abbreviation that stands on the step, or
nil.  COMMIT, a full id, and its REPOSITORY are nil if they are unknown."
  number box text hash line repository commit)

(cl-defstruct (explog-cache-summary (:type vector) (:copier nil))
  "An experiment in short.
TICKED is the number of ticked boxes among STEPS, the number of steps
with a box.  TOUCHED is the time of the last commit for the experiment,
in seconds since 1970, or nil.  The other slots are as in
`explog-cache-experiment'."
  ident title todo done file line archived ticked steps touched)

(cl-defstruct (explog-cache-run (:type vector) (:constructor nil) (:copier nil))
  "A REFERENCE, as \"e201.1\", with a run that began SECONDS ago on HOST."
  reference seconds host)

(defun explog-cache-steps-of (experiment)
  "Return each step of EXPERIMENT, a value of `explog-cache-get'."
  (and (vectorp experiment) (explog-cache-experiment-steps experiment)))

(defun explog-cache-find-step (experiment number)
  "Return the step NUMBER of EXPERIMENT, a value of `explog-cache-get', or nil."
  (seq-find (lambda (step) (equal number (explog-cache-step-number step)))
            (explog-cache-steps-of experiment)))

;;;; Notification of changes

(defvar explog-cache-changed-functions nil
  "Abnormal hook run when something else is known of experiments.
Each function gets the list of ids that changed or became known, or t if
any may have changed.  The list is empty when the value of
`explog-cache-experiments' became complete.")

(defvar explog-cache--delay 0.05
  "Seconds to wait for further ids before a request is sent.")

(defconst explog-cache--batch 200
  "The maximum number of ids in one request.")

(defconst explog-cache--most 2000
  "How many experiments are kept at least; twice as many are the maximum.")

;;;; Known experiments

(defvar explog-cache--tick 0
  "A number that grows with each change that the server reports.")

(defvar explog-cache--young (make-hash-table :test #'equal)
  "Maps ids to (TICK . VALUE), for experiments that were used recently.
VALUE is as in `explog-cache-get'.  It is outdated if TICK is not the
value of `explog-cache--tick'.")

(defvar explog-cache--old (make-hash-table :test #'equal)
  "The previous value of `explog-cache--young', from before that was full.")

(defvar explog-cache--problems nil
  "Sentences of the server about logs that it cannot read.")

(defun explog-cache--entry (id)
  "Return the entry (TICK . VALUE) for ID, or nil."
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
  "Return what is known of the experiment ID, without waiting.
That is an `explog-cache-experiment', or nil if it is not known yet, or
`unknown' if no log has it, or `other' if no log has it and `[eID]' most
likely is not a reference, as `[e2e]'.  If it is not known or outdated,
request it in the background."
  (let ((entry (explog-cache--entry id)))
    (unless (and entry (= (car entry) explog-cache--tick))
      (explog-cache--want id))
    (cdr entry)))

(defun explog-cache-problems ()
  "Return sentences about logs that cannot be read."
  explog-cache--problems)

;;;; Requests

(defvar explog-cache--wanted nil
  "The ids of the next request, newest first.")

(defvar explog-cache--asked (make-hash-table :test #'equal)
  "A hash table whose keys are the ids that are or will be requested.")

(defvar explog-cache--timer nil
  "The timer that sends the next request, or nil.")

(defun explog-cache-usable-p ()
  "Return non-nil if the server can be asked."
  (and explog-mode (featurep 'explog-server) (explog-server-ready-p)))

(defun explog-cache--want (id)
  "Request ID soon, unless it is requested already or there is no server."
  (when (and (explog-cache-usable-p)
             (not (gethash id explog-cache--asked)))
    (puthash id t explog-cache--asked)
    (push id explog-cache--wanted)
    (unless explog-cache--timer
      (setq explog-cache--timer
            (run-with-timer explog-cache--delay nil #'explog-cache--ask)))))

(defun explog-cache--ask ()
  "Send a request for the ids in `explog-cache--wanted'."
  (setq explog-cache--timer nil)
  (explog-cache--ask-runs)
  (dolist (ids (seq-partition (nreverse explog-cache--wanted) explog-cache--batch))
    (explog-server-call
     "describe" (list ids)
     :success (apply-partially #'explog-cache--answered ids explog-cache--tick)
     :error (lambda (_problem) (explog-cache--settled ids))))
  (setq explog-cache--wanted nil))

(defun explog-cache--settled (ids)
  "Note that the request for IDS has ended."
  (dolist (id ids)
    (remhash id explog-cache--asked)))

(defun explog-cache--answered (ids tick answer)
  "Take the server's ANSWER to the request for IDS that was sent at TICK."
  (explog-cache--settled ids)
  (when-let ((changed (explog-cache--learn ids tick answer)))
    (run-hook-with-args 'explog-cache-changed-functions changed))
  (unless (= tick explog-cache--tick)
    ;; Something changed since the request, and the caller does not repeat it.
    (mapc #'explog-cache--want ids)))

(defun explog-cache--learn (ids tick answer)
  "Keep ANSWER to the request for IDS sent at TICK; return the ids that changed."
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
        (when value                     ; else it is requested again after a change
          (unless (equal value (cdr entry))
            (push id changed))
          (explog-cache--keep id (cons tick value)))))))

(defun explog-cache-fetch (id)
  "Return what is known of the experiment ID, after asking the server.
See `explog-cache-get' for the value.  This waits, so it is for commands."
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
  "Call METHOD of the server with ARGS, wait, and return the result.
Signal errors as `user-error'."
  (explog-need-mode)
  (condition-case err
      (explog-server-call-sync method args)
    (explog-error (user-error "%s" (nth 2 err)))))

;;;; What runs

(defvar explog-cache--runs nil
  "What runs, a list of (REFERENCE START HOST), the newest first.
START is in seconds since 1970.")

(defvar explog-cache--runs-tick nil
  "The tick at which `explog-cache--runs' was requested, or nil.")

(defun explog-cache-runs (id &optional step)
  "Return what runs for experiment ID, or for its STEP, without waiting.
That is a list of (REFERENCE START HOST), the newest first.  It is
requested along with experiments, in the background."
  (let* ((whole (concat "e" id (and step (concat "." step))))
         (part (concat whole ".")))
    (seq-filter (lambda (run)
                  (or (equal whole (car run)) (string-prefix-p part (car run))))
                explog-cache--runs)))

(defun explog-cache--ask-runs ()
  "Request what runs, unless that is known."
  (unless (eql explog-cache--runs-tick explog-cache--tick)
    (setq explog-cache--runs-tick explog-cache--tick)
    (explog-server-call "running" nil
                        :success #'explog-cache--take-runs :error #'ignore)))

(defun explog-cache--take-runs (rows)
  "Keep ROWS, the answer of the server to what runs."
  (let ((old explog-cache--runs)
        (now (float-time)))
    (setq explog-cache--runs
          (mapcar (lambda (row)
                    (list (explog-cache-run-reference row)
                          (- now (explog-cache-run-seconds row))
                          (explog-cache-run-host row)))
                  rows))
    (when-let ((changed (explog-cache--other-runs old explog-cache--runs)))
      (run-hook-with-args 'explog-cache-changed-functions changed))))

(defun explog-cache--other-runs (old new)
  "Return the ids of the experiments whose runs in OLD differ from those in NEW."
  (let ((old (mapcar #'explog-cache--run-place old))
        (new (mapcar #'explog-cache--run-place new)))
    (delete-dups
     (mapcar (lambda (place) (car (split-string (substring (car place) 1) "\\.")))
             (append (seq-difference old new) (seq-difference new old))))))

(defun explog-cache--run-place (run)
  "Return what does not change while RUN runs, (REFERENCE HOST)."
  (list (nth 0 run) (nth 2 run)))

;;;; All experiments

(defconst explog-cache--page 1000
  "The number of experiments in one answer.
Emacs takes a few milliseconds to read it.")

(defvar explog-cache--all nil
  "The summaries of all experiments, in the order of their logs.")

(defvar explog-cache--all-tick nil
  "The tick at which `explog-cache--all' was complete, or nil.")

(defvar explog-cache--loading nil
  "The list that is being loaded, (TICK . SUMMARIES), or nil.
SUMMARIES are those that have arrived, in no order.")

(defun explog-cache-experiments ()
  "Return the known summaries of all experiments, without waiting.
They are `explog-cache-summary' structs, in the order of the logs.  If
they are not known or outdated, request them in the background."
  (unless (or explog-cache--loading
              (eql explog-cache--all-tick explog-cache--tick)
              (not (explog-cache-usable-p)))
    (setq explog-cache--loading (list explog-cache--tick))
    (explog-cache--load 0 explog-cache--loading))
  explog-cache--all)

(defun explog-cache--load (after loading)
  "Request the page of experiments after number AFTER, and add it to LOADING."
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
  "Add ANSWER, a page from the server, to LOADING.
Return the number after which the next page begins, or nil at the end."
  (pcase-let ((`(,next ,files ,rows) answer))
    (seq-doseq (row rows)
      (cl-callf2 aref files (explog-cache-summary-file row))
      (push row (cdr loading)))
    (and next (> (length rows) 0) next)))

(defun explog-cache--loaded (loading)
  "Note that LOADING is complete: it becomes the list of all experiments."
  (setq explog-cache--loading nil
        explog-cache--all-tick (car loading)
        explog-cache--all (sort (cdr loading) #'explog-cache--before-p)))

(defun explog-cache--before-p (one other)
  "Return non-nil if the summary ONE is before OTHER in the logs."
  (let ((file (explog-cache-summary-file one))
        (other-file (explog-cache-summary-file other)))
    (if (string= file other-file)
        (< (explog-cache-summary-line one) (explog-cache-summary-line other))
      (string< file other-file))))

(defconst explog-cache--patience 1
  "Seconds that a command waits for the summaries of all experiments.")

(defun explog-cache-experiments-fetch ()
  "Return the summaries of all experiments, after asking the server.
See `explog-cache-experiments'.  This waits, so it is for commands.  If
the server does not answer within a second, say so and return those that
were known, or signal a `user-error' if none were."
  (explog-need-mode)
  (unless (and (eql explog-cache--all-tick explog-cache--tick)
               (explog-cache-usable-p))
    (condition-case err
        (explog-cache--load-now)
      (explog-error
       (unless (equal (cadr err) "timeout")
         (user-error "%s" (nth 2 err)))
       (explog-cache-experiments)       ; so that they are known soon
       (unless explog-cache--all
         (user-error "The experiments are not known yet; try again in a moment"))
       (message "The server does not answer yet; these are the experiments that were known"))))
  explog-cache--all)

(defun explog-cache--load-now ()
  "Load all experiments, or signal an `explog-error'.
It is \"timeout\" after `explog-cache--patience'."
  (let ((end (+ (float-time) explog-cache--patience))
        (loading (list explog-cache--tick))
        (after 0))
    (while (setq after (explog-cache--take-page
                        (explog-server-call-sync
                         "experiments" (list after explog-cache--page)
                         :timeout (max 0.01 (- end (float-time))))
                        loading)))
    (explog-cache--loaded loading)))

;;;; Changes

(defun explog-cache-changed (&optional ids)
  "Note that the experiments with IDS changed, or any if IDS is nil.
The server calls this."
  (if ids
      (dolist (id ids)
        (when-let ((entry (explog-cache--entry id)))
          (setcar entry -1)))
    (setq explog-cache--tick (1+ explog-cache--tick)))
  (setq explog-cache--all-tick nil)
  ;; The server waits for the answer to this call, but not for the hook.
  (run-with-timer 0 nil #'run-hook-with-args
                  'explog-cache-changed-functions (or ids t))
  t)

(defun explog-cache-forget ()
  "Forget everything, because the server has stopped."
  (when explog-cache--timer
    (cancel-timer explog-cache--timer))
  (setq explog-cache--timer nil
        explog-cache--wanted nil
        explog-cache--problems nil
        explog-cache--runs nil
        explog-cache--runs-tick nil
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
