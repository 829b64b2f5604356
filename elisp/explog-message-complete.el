;;; explog-message-complete.el --- Complete references  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; In the message of a commit, `[e' and what follows is completed to a
;; whole reference: experiments that are not done, those in progress first
;; and with their open steps, and behind `[e201.' all steps of 201.  It
;; works with whatever shows completions, and never waits: what is not
;; known yet is there at the next key.

;;; Code:

(require 'explog)
(require 'explog-cache)
(require 'explog-ref)
(require 'seq)
(require 'subr-x)

(autoload 'explog-message-comment-p "explog-message")

(defcustom explog-message-in-progress '("INPROGRESS")
  "The TODO keywords of experiments that come first in commit messages.
When a reference is completed, their open steps are offered as well."
  :type '(repeat string)
  :group 'explog)

;;;; Experiments in order

(defvar explog-message-complete--kept nil
  "What was made of the summaries last: (SUMMARIES SORTED BY-ID).")

(defvar explog-message-complete--offered nil
  "What is offered for the sorted summaries, references; nil if not made yet.")

(defun explog-message-complete-forget ()
  "Forget what is offered, as something else is known now."
  (setq explog-message-complete--offered nil))

(defun explog-message-complete--kept ()
  "Return (SUMMARIES SORTED BY-ID) for what is known now.
SORTED are the SUMMARIES that are not done, BY-ID is a hash table of all."
  (let ((summaries (explog-cache-experiments))
        (gc-cons-threshold (max gc-cons-threshold 50000000)))
    (unless (and explog-message-complete--kept
                 (eq summaries (car explog-message-complete--kept)))
      (let ((by-id (make-hash-table :test #'equal :size (length summaries))))
        (dolist (summary (reverse summaries)) ; of those with one id, the first
          (puthash (plist-get summary :id) summary by-id))
        (setq explog-message-complete--offered nil
              explog-message-complete--kept
              (list summaries (explog-message-complete--sort summaries) by-id))))
    explog-message-complete--kept))

(defun explog-message-complete-sorted ()
  "Return the summaries of experiments that are not done, the likeliest first.
These are the ones in progress, and among those the last touched."
  (nth 1 (explog-message-complete--kept)))

(defun explog-message-complete-in-progress-p (summary)
  "Return non-nil if the experiment of SUMMARY is in progress."
  (member (plist-get summary :todo) explog-message-in-progress))

(defun explog-message-complete--sort (summaries)
  "Return those of SUMMARIES that are not done, the likeliest first."
  (let ((open (seq-remove (lambda (summary)
                            (or (plist-get summary :done)
                                (plist-get summary :archived)))
                          summaries)))
    (mapcar #'cdr
            (sort (mapcar (lambda (summary)
                            (cons (explog-message-complete--weight summary) summary))
                          open)
                  (lambda (one other) (> (car one) (car other)))))))

(defun explog-message-complete--weight (summary)
  "Return a number that is the greater the sooner SUMMARY is likely meant."
  (+ (or (plist-get summary :touched) 0)
     (if (explog-message-complete-in-progress-p summary) 1.0e15 0)))

(defun explog-message-complete-open-steps (id)
  "Return what is open of experiment ID, as far as known.
That is a list of its steps."
  (seq-remove #'explog-message-complete--ticked-p
              (explog-message-complete--steps id)))

(defun explog-message-complete--steps (id)
  "Return what is known to be done in experiment ID.
That is a list of its steps."
  (let ((experiment (explog-cache-get id)))
    (and (listp experiment) (plist-get experiment :steps))))

(defun explog-message-complete--ticked-p (step)
  "Return non-nil if the box of STEP is ticked."
  (equal "X" (plist-get step :box)))

;;;; Candidates

(defun explog-message-complete--reference (id &optional step)
  "Return the reference to experiment ID, or to STEP, a plist."
  (format "[%s]" (explog-ref-string id (plist-get step :number))))

(defun explog-message-complete--offer (summary)
  "Return references for SUMMARY, that of an experiment.
If it is in progress, there is one to each of its open steps as well."
  (let ((id (plist-get summary :id)))
    (cons (explog-message-complete--reference id)
          (and (explog-message-complete-in-progress-p summary)
               (mapcar (lambda (step) (explog-message-complete--reference id step))
                       (explog-message-complete-open-steps id))))))

(defun explog-message-complete--open ()
  "Return references to what is not done, the likeliest first."
  (let ((sorted (explog-message-complete-sorted)))
    (or explog-message-complete--offered
        (setq explog-message-complete--offered
              (mapcan #'explog-message-complete--offer sorted)))))

(defun explog-message-complete--candidates (typed)
  "Return the references to offer for TYPED, which begins with `[e'."
  (if (string-match "\\`\\[e\\([0-9][0-9A-Za-z_-]*\\)\\." typed)
      (explog-message-complete--of-steps (match-string 1 typed))
    (pcase-let ((`(,summaries ,_ ,by-id) (explog-message-complete--kept))
                (open (explog-message-complete--open)))
      (when (gethash (substring typed 2) by-id)
        (explog-cache-get (substring typed 2))) ; its steps come next
      (if (seq-some (lambda (candidate) (string-prefix-p typed candidate)) open)
          open
        ;; Whoever types the id of one that is done means that one.
        (append open
                (mapcar (lambda (summary)
                          (explog-message-complete--reference (plist-get summary :id)))
                        summaries))))))

(defun explog-message-complete--of-steps (id)
  "Return references to all that is to be done in experiment ID.
The steps that are open come first."
  (let ((open (explog-message-complete-open-steps id)))
    (mapcar (lambda (step) (explog-message-complete--reference id step))
            (append open (seq-difference (explog-message-complete--steps id) open)))))

;;;; What is shown beside them

(defun explog-message-complete--annotate (candidate)
  "Return what stands beside CANDIDATE, a reference."
  (pcase-let* ((`(,id . ,number) (explog-ref-parse candidate))
               (step (seq-find (lambda (step) (equal number (plist-get step :number)))
                               (and number (explog-message-complete--steps id)))))
    (concat "  " (if step
                     (format "%s %s"
                             (if (explog-message-complete--ticked-p step) "[X]" "[ ]")
                             (plist-get step :text))
                   (explog-message-complete--describe id)))))

(defun explog-message-complete--summary (id)
  "Return the summary of experiment ID, or nil."
  (gethash id (nth 2 (explog-message-complete--kept))))

(defun explog-message-complete--describe (id)
  "Return state, title and progress of experiment ID."
  (let* ((summary (explog-message-complete--summary id))
         (steps (or (plist-get summary :steps) 0)))
    (string-join
     (delq nil (list (plist-get summary :todo)
                     (plist-get summary :title)
                     (and (> steps 0)
                          (format "[%d/%d]" (plist-get summary :ticked) steps))))
     " ")))

(defun explog-message-complete--group (candidate transform)
  "Return the group of CANDIDATE, or CANDIDATE itself if TRANSFORM.
An experiment that is offered with its steps is a group."
  (if transform
      candidate
    (let* ((id (car (explog-ref-parse candidate)))
           (summary (explog-message-complete--summary id)))
      (if (and (explog-message-complete--steps id)
               (or (cdr (explog-ref-parse candidate))
                   (explog-message-complete-in-progress-p summary)))
          (string-trim (format "%s %s" id (or (plist-get summary :title) "")))
        "Experiments"))))

(defun explog-message-complete--kind (_candidate)
  "Return the kind of a candidate, for the icons of company and corfu."
  'reference)

(defconst explog-message-complete--metadata
  `(metadata
    (category . explog-reference)
    (annotation-function . ,#'explog-message-complete--annotate)
    (group-function . ,#'explog-message-complete--group)
    (display-sort-function . ,#'identity)
    (cycle-sort-function . ,#'identity))
  "What completion has to know of references.")

;;;; At point

;;;###autoload
(defun explog-message-complete ()
  "Complete the reference that begins before point.
For `completion-at-point-functions'."
  (when-let ((start (explog-message-complete--start)))
    (let ((typed (buffer-substring-no-properties start (point))))
      (list start (explog-message-complete--end)
            (lambda (string predicate action)
              (if (eq action 'metadata)
                  explog-message-complete--metadata
                ;; Styles that look for parts ask for all, and give no string.
                (complete-with-action action
                                      (explog-message-complete--candidates
                                       (if (string-prefix-p "[e" string) string typed))
                                      string predicate)))
            :exclusive 'no
            :exit-function #'explog-message-complete--exit
            :company-kind #'explog-message-complete--kind
            :company-prefix-length t))))

(defun explog-message-complete--start ()
  "Return where the reference begins that ends at point, or nil."
  (let ((case-fold-search nil))
    (save-excursion
      (when (and (looking-back "\\(?:\\`\\|[^0-9A-Za-z_]\\)\\(\\[e\\(?:[0-9][0-9A-Za-z_.-]*\\)?\\)"
                               (line-beginning-position))
                 (not (explog-message-comment-p)))
        (match-beginning 1)))))

(defun explog-message-complete--end ()
  "Return where the reference ends that point is in.
That is behind the bracket at point, where one was inserted in advance."
  (if (eq (char-after) ?\])
      (1+ (point))
    (point)))

(defun explog-message-complete--exit (candidate _status)
  "Take away a bracket behind CANDIDATE that was there before it was inserted."
  (when (and (string-suffix-p "]" candidate)
             (eq (char-before) ?\])
             (eq (char-after) ?\]))
    (delete-char 1)))

(provide 'explog-message-complete)
;;; explog-message-complete.el ends here
