;;; explog-complete.el --- Read an experiment by completion  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; Ask for an experiment, or for one and its step, with completion by id
;; and title.  The candidates say the state and the progress, and are
;; grouped by log.  Completion itself never waits: all that it shows was
;; there before it began.

;;; Code:

(require 'explog-base)
(require 'explog-cache)
(require 'seq)
(require 'subr-x)

(defvar explog-read-history nil
  "The experiments that were asked for.")

;; Any part of a title is enough, also with the styles of a plain Emacs.
(defconst explog-complete--styles '(explog-experiment (styles basic substring flex))
  "What `completion-category-defaults' has while an experiment is read.")

;;;; An experiment

(defun explog-read-experiment (prompt &optional initial predicate any)
  "Ask with PROMPT for an experiment, with completion, and return its id.
INITIAL is what the minibuffer begins with.  If PREDICATE is non-nil,
only the experiments for whose summary it returns non-nil are offered;
see `explog-cache-experiments'.  With ANY, something else may be entered
as well, and is returned as it is."
  (let* ((all (explog-cache-experiments-fetch))
         (summaries (if predicate (seq-filter predicate all) all))
         (table (explog-complete--table (explog-complete--sort summaries))))
    (unless (or summaries any)
      (user-error (if all "There is no such experiment" "No log has an experiment")))
    (explog-complete--id
     (let ((completion-category-defaults
            (cons explog-complete--styles completion-category-defaults))
           (completion-ignore-case t))
       (minibuffer-with-setup-hook
           (if any #'explog-complete--take-blanks #'ignore)
         (completing-read prompt (explog-complete--completions table) nil (not any)
                          initial 'explog-read-history)))
     table any)))

(defun explog-complete--take-blanks ()
  "Have SPC insert a blank in the minibuffer, rather than complete a word."
  (let ((map (make-sparse-keymap)))
    (set-keymap-parent map (current-local-map))
    (define-key map " " #'self-insert-command)
    (define-key map "?" #'self-insert-command)
    (use-local-map map)))

(defun explog-complete--id (choice table any)
  "Return the id of CHOICE, a key of TABLE.
If it is none, return CHOICE itself with ANY, else signal `user-error'."
  (cond ((gethash choice table) (plist-get (gethash choice table) :id))
        ((and any (not (string-blank-p choice))) choice)
        (t (user-error "No experiment was chosen"))))

(defun explog-complete--sort (summaries)
  "Return SUMMARIES with those first that are most likely meant.
These are the ones that are not done, the last touched first."
  (sort (copy-sequence summaries)
        (lambda (one other)
          (let ((done (plist-get one :done)))
            (if (eq done (plist-get other :done))
                (> (or (plist-get one :touched) 0) (or (plist-get other :touched) 0))
              (not done))))))

(defun explog-complete--table (summaries)
  "Return a hash table of SUMMARIES, by what is offered for each.
Of those with the same id the first is kept."
  (let ((table (make-hash-table :test #'equal :size (length summaries)))
        (seen (make-hash-table :test #'equal :size (length summaries))))
    (dolist (summary summaries table)
      (let ((id (plist-get summary :id)))
        (unless (gethash id seen)
          (puthash id t seen)
          (puthash (concat id " " (plist-get summary :title)) summary table))))))

(defun explog-complete--completions (table)
  "Return a completion table over the keys of TABLE."
  (let ((metadata
         `(metadata
           (category . explog-experiment)
           (display-sort-function . ,#'identity)
           (cycle-sort-function . ,#'identity)
           (affixation-function
            . ,(lambda (candidates)
                 (mapcar (lambda (candidate)
                           (explog-complete--affixed
                            candidate (gethash candidate table)))
                         candidates)))
           (group-function
            . ,(lambda (candidate transform)
                 (if transform candidate
                   (explog-complete--group (gethash candidate table))))))))
    (lambda (string predicate action)
      (if (eq action 'metadata)
          metadata
        (complete-with-action action table string predicate)))))

(defun explog-complete--affixed (candidate summary)
  "Return (CANDIDATE PREFIX SUFFIX), with what there is to say of SUMMARY."
  (let ((steps (plist-get summary :steps)))
    (list candidate
          (propertize (format "%-11s" (or (plist-get summary :todo) ""))
                      'face (if (plist-get summary :done)
                                'explog-cache-done
                              'explog-cache-open))
          (propertize (concat (if (and steps (> steps 0))
                                  (format "  [%d/%d]" (plist-get summary :ticked) steps)
                                "")
                              (if (plist-get summary :archived) "  archived" ""))
                      'face 'completions-annotations))))

(defun explog-complete--group (summary)
  "Return the name of the log that SUMMARY is of."
  (file-name-nondirectory (or (plist-get summary :file) "")))

(defface explog-cache-open '((t :inherit warning))
  "The state of an experiment that is not done, in completion."
  :group 'explog)

(defface explog-cache-done '((t :inherit success))
  "The state of an experiment that is done, in completion."
  :group 'explog)

;;;; A step

(defun explog-read-reference (prompt &optional initial)
  "Ask with PROMPT for an experiment and then for its step.
INITIAL is what the minibuffer begins with.  Return \"201\" or
\"201.1\"; the former if no step is chosen, or there is none."
  (let* ((id (explog-read-experiment prompt initial))
         (experiment (explog-cache-fetch id))
         (steps (and (listp experiment) (plist-get experiment :steps)))
         (number (and steps (explog-complete--step id steps))))
    (if number (concat id "." number) id)))

(defun explog-complete--step (id offered)
  "Ask for a step of experiment ID, one of those OFFERED.
Return its number, or nil if none is chosen."
  (let* ((lines (mapcar (lambda (step)
                          (cons (format "%s %s" (plist-get step :number)
                                        (plist-get step :text))
                                step))
                        offered))
         (choice (completing-read
                  (format-prompt "Step of %s" "all of it" id)
                  (lambda (string predicate action)
                    (if (eq action 'metadata)
                        `(metadata
                          (display-sort-function . ,#'identity)
                          (cycle-sort-function . ,#'identity)
                          (annotation-function
                           . ,(lambda (line)
                                (explog-complete--annotation
                                 (cdr (assoc line lines))))))
                      (complete-with-action action lines string predicate)))
                  nil t nil nil "")))
    (plist-get (cdr (assoc choice lines)) :number)))

(defun explog-complete--annotation (step)
  "Return what stands behind STEP in completion."
  (concat (if (equal "X" (plist-get step :box)) "  done" "")
          (if-let ((hash (plist-get step :hash))) (concat "  " hash) "")))

(provide 'explog-complete)
;;; explog-complete.el ends here
