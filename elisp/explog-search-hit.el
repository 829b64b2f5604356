;;; explog-search-hit.el --- What a search finds, and how to get there  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; A hit is a vector, as the server sends it: an experiment, a step, a
;; note or conclusion in a log, or a commit.  What is here says it in a
;; line, and goes to it.

;;; Code:

(require 'explog)
(require 'cl-lib)
(require 'seq)
(require 'subr-x)

(autoload 'explog-cache-get "explog-cache")
(autoload 'explog-log-entry-end "explog-log")
(autoload 'explog-log-find "explog-log")
(autoload 'explog-steps-position "explog-steps")
(declare-function magit-show-commit "magit-diff" (rev &optional args files module))
(declare-function org-fold-show-context "org-fold" (&optional key))
(declare-function org-show-context "org" (&optional key))
(declare-function vc-print-log-internal "vc"
                  (backend files working-revision &optional is-start-revision
                           limit type))

(defface explog-search-match '((t :inherit match))
  "What a query found, in a snippet."
  :group 'explog)

(defface explog-search-where '((t :inherit shadow))
  "Where a hit is."
  :group 'explog)

(cl-defstruct (explog-search-hit (:type vector) (:constructor nil) (:copier nil))
  "A hit as the server sends it; what does not apply is nil."
  kind experiment step title snippet file line repository commit date)

(defun explog-search-reference (hit)
  "Return the reference to the experiment or step of HIT, or nil."
  (when-let ((experiment (explog-search-hit-experiment hit)))
    (concat "e" experiment
            (if-let ((step (explog-search-hit-step hit)))
                (concat "." step)
              ""))))

(defun explog-search-where (hit)
  "Return where HIT is, in a few words."
  (if-let ((commit (explog-search-hit-commit hit)))
      (format "%s %s"
              (file-name-nondirectory (explog-search-hit-repository hit))
              (substring commit 0 7))
    (let ((file (explog-search-hit-file hit)))
      (format "%s%s:%d"
              (if (string-suffix-p "_archive" file) "archived: " "")
              (file-name-nondirectory file)
              (explog-search-hit-line hit)))))

(defun explog-search-day (hit)
  "Return the day of HIT, or nothing but blanks."
  (let ((date (or (explog-search-hit-date hit) "")))
    (format "%-10s" (substring date 0 (min 10 (length date))))))

(defun explog-search-snippet (hit)
  "Return the snippet of HIT with its matches in a face instead of brackets."
  (replace-regexp-in-string
   "⟦\\([^⟧]*\\)⟧"
   (lambda (text)
     (propertize (match-string 1 text) 'face 'explog-search-match))
   (explog-search-hit-snippet hit) t t))

(defun explog-search-visit-hit (hit)
  "Go to HIT: a place in a log, or a commit."
  (if (explog-search-hit-commit hit)
      (explog-search-visit-commit (explog-search-hit-repository hit)
                                   (explog-search-hit-commit hit))
    (explog-search--visit-place hit)))

(defun explog-search--visit-place (hit)
  "Visit the log in which HIT is, and show what is hidden there."
  (let ((file (explog-search-hit-file hit)))
    (unless (file-readable-p file)
      (user-error "%s cannot be read" (abbreviate-file-name file)))
    (find-file-other-window file))
  (let ((place (save-restriction
                 (widen)
                 (explog-search--place hit))))
    (unless (<= (point-min) place (point-max))
      (widen))
    (goto-char place))
  (cond ((not (derived-mode-p 'org-mode)))
        ((fboundp 'org-fold-show-context) (org-fold-show-context 'link-search))
        ((fboundp 'org-show-context) (org-show-context 'link-search)))
  (recenter))

(defun explog-search--place (hit)
  "Return the position of HIT in this buffer.
What is not saved has moved lines, so that the step is looked for, or
else a line counts only in the right experiment."
  (save-excursion
    (goto-char (point-min))
    (forward-line (1- (explog-search-hit-line hit)))
    (let* ((line (point))
           (id (and (buffer-modified-p) (explog-search-hit-experiment hit)))
           (heading (and id (explog-log-find id))))
      (if (not heading)
          line
        (goto-char heading)
        (pcase (explog-search-hit-kind hit)
          ("experiment" heading)
          ((and "step" (let step (explog-steps-position (explog-search-hit-step hit)))
                (guard step))
           step)
          (_ (if (< heading line (explog-log-entry-end)) line heading)))))))

(defun explog-search-visit-commit (repository commit)
  "Show COMMIT, a full id, of REPOSITORY: in magit if it is there, else in vc."
  (let ((default-directory (file-name-as-directory repository)))
    (if (require 'magit nil t)
        (magit-show-commit commit)
      (require 'vc)
      (vc-print-log-internal 'Git (list default-directory) commit t 1))))

(defun explog-search-groups (hits)
  "Return HITS as an alist (EXPERIMENT . HITS), best group first."
  (let (groups)
    (seq-doseq (hit hits)
      (let* ((experiment (explog-search-hit-experiment hit))
             (group (assoc experiment groups)))
        (if group
            (push hit (cdr group))
          (push (list experiment hit) groups))))
    (mapcar (lambda (group) (cons (car group) (reverse (cdr group))))
            (nreverse groups))))

(defun explog-search-group-title (experiment hits)
  "Return the title of the group of HITS that belong to EXPERIMENT, nil for none.
Commits do not tell what their experiment is called; that is asked for
in the background then."
  (if (not experiment)
      "No experiment"
    (let* ((hit (seq-find (lambda (hit) (not (explog-search-hit-commit hit)))
                          hits))
           (known (if hit
                      (list :title (explog-search-hit-title hit))
                    (explog-cache-get experiment))))
      (string-trim-right
       (concat experiment " " (plist-get (and (listp known) known) :title))))))

(defun explog-search-line (hit)
  "Return the line for HIT in the buffer of results."
  (format "  %-10s %-9s %s %s\n"
          (explog-search-hit-kind hit)
          (or (explog-search-reference hit) "")
          (propertize (format "%s %-24s"
                              (explog-search-day hit)
                              (truncate-string-to-width
                               (explog-search-where hit) 24 nil nil t))
                      'face 'explog-search-where)
          (explog-search-snippet hit)))

(provide 'explog-search-hit)
;;; explog-search-hit.el ends here
